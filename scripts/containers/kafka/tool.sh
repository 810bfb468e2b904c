#!/usr/bin/env bash
# Kafka's command line tools, each under its own name (a link to this file).
set -euo pipefail
declare -A classes=(
  [topics]=org.apache.kafka.tools.TopicCommand
  [configs]=kafka.admin.ConfigCommand
  [console-producer]=org.apache.kafka.tools.ConsoleProducer
  [console-consumer]=org.apache.kafka.tools.consumer.ConsoleConsumer
  [consumer-groups]=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
  [get-offsets]=org.apache.kafka.tools.GetOffsetShell
  [transactions]=org.apache.kafka.tools.TransactionsCommand
  [storage]=kafka.tools.StorageTool
)
name=$(basename "$0" .sh)
class=${classes[${name#kafka-}]:?"no tool named $name"}
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp "$(printf '%s:' /opt/kafka/libs/*.jar)" "$class" "$@"
