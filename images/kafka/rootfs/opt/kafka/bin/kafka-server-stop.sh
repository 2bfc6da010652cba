#!/bin/sh
# Asks the broker of this container to shut down.
exec pkill -TERM --full 'kafka\.Kafka '
