"""What every other package uses: criteria, verdicts, results, waivers, redaction, waiting."""
