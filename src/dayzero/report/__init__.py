"""The results of a run as JSON, HTML, text, log lines and a trace."""
