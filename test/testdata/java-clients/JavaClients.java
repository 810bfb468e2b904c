import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Uses a broker with the Java clients: `JavaClients host:port`. Prints `ok <step>` per step, and ends with 1 at the first
 * that fails. Every expectation here was first seen on Apache Kafka 4.3.1.
 */
public final class JavaClients {
  private static String bootstrap;
  private static final String run = Long.toString(System.nanoTime(), 36);

  public static void main(String[] arguments) throws Exception {
    bootstrap = arguments[0];
    try (Admin admin = Admin.create(properties(Map.of()))) {
      step("admin", () -> admin(admin));
      step("idempotent producer, every codec", () -> codecs(admin));
      step("max.message.bytes", () -> tooLarge(admin));
      step("transactions: commit, abort, offsets", () -> transactions(admin));
      step("a second producer fences the first", () -> fencing(admin));
      step("group, default assignors", () -> group(admin, Map.of()));
      step("group, cooperative-sticky", () -> group(admin, Map.of("partition.assignment.strategy",
          "org.apache.kafka.clients.consumer.CooperativeStickyAssignor")));
      step("static member comes back", () -> staticMember(admin));
      step("offset reset, seek by time, delete records", () -> offsets(admin));
    }
    System.exit(0);
  }

  private static void admin(Admin admin) throws Exception {
    require(admin.describeCluster().nodes().get().size() >= 1, "a node");
    String topic = "admin-" + run;
    admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1).configs(Map.of("cleanup.policy", "compact")))).all().get();
    fails(TopicExistsException.class, () -> admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get());
    require(admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size() == 2, "2 partitions");
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    admin.incrementalAlterConfigs(Map.of(resource,
        List.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", "5000"), AlterConfigOp.OpType.SET)))).all().get();
    var config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
    require(config.get("max.message.bytes").value().equals("5000"), "the changed config");
    require(config.get("cleanup.policy").value().equals("compact"), "the config that was not named");
    require(config.get("cleanup.policy").source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, "its source");
    require(config.get("retention.ms").isDefault(), "a default");
    admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
    require(admin.listTopics().names().get().contains(topic), "the topic in the list");
    admin.deleteTopics(List.of(topic)).all().get();
    require(!admin.listTopics().names().get().contains(topic), "the topic gone");
  }

  private static void codecs(Admin admin) throws Exception {
    String topic = create(admin, "codecs", 1);
    int expected = 0;
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      try (KafkaProducer<String, String> producer = producer(Map.of("compression.type", codec, "linger.ms", "5"))) {
        for (int index = 0; index < 500; index++) producer.send(new ProducerRecord<>(topic, "k" + index, codec + index));
        producer.flush();
        RecordMetadata last = producer.send(new ProducerRecord<>(topic, "last", codec)).get();
        expected += 501;
        require(last.offset() == expected - 1, "offset " + (expected - 1) + ", got " + last.offset());
      }
    }
    require(readAll(topic, 1, "read_committed").size() == expected, "all records back");
  }

  private static void tooLarge(Admin admin) throws Exception {
    String topic = "large-" + run;
    admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(Map.of("max.message.bytes", "1000")))).all().get();
    try (KafkaProducer<String, String> producer = producer(Map.of())) {
      fails(RecordTooLargeException.class, () -> producer.send(new ProducerRecord<>(topic, "x".repeat(2000))).get());
      producer.send(new ProducerRecord<>(topic, "small")).get();
    }
  }

  private static void transactions(Admin admin) throws Exception {
    String topic = create(admin, "txn", 2);
    String groupId = "txn-group-" + run;
    try (KafkaProducer<String, String> producer = producer(Map.of("transactional.id", "txn-" + run))) {
      producer.initTransactions();
      for (int index = 0; index < 20; index++) {
        producer.beginTransaction();
        for (int partition = 0; partition < 2; partition++) {
          producer.send(new ProducerRecord<>(topic, partition, "k", (index % 3 == 0 ? "abort" : "commit") + index));
        }
        producer.sendOffsetsToTransaction(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(index, "at " + index)),
            groupMetadata(groupId));
        // An abort drops what was not sent yet.
        producer.flush();
        if (index % 3 == 0) producer.abortTransaction();
        else producer.commitTransaction();
      }
      OffsetAndMetadata committed = admin.listConsumerGroupOffsets(groupId).partitionsToOffsetAndMetadata().get()
          .get(new TopicPartition(topic, 0));
      require(committed.offset() == 17 + 2 && committed.metadata().equals("at 19"), "offset of the last commit, got " + committed);
      List<String> values = readAll(topic, 2, "read_committed");
      require(values.size() == 26 && values.stream().allMatch(value -> value.startsWith("commit")), "commits only");
      require(readAll(topic, 2, "read_uncommitted").size() == 40, "all when uncommitted");
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(topic, 0, "k", "open")).get();
      long stable = end(admin, topic, IsolationLevel.READ_COMMITTED);
      long high = end(admin, topic, IsolationLevel.READ_UNCOMMITTED);
      require(stable == 40 && high == 41, "last stable offset 40 and end 41, got " + stable + " and " + high);
      producer.commitTransaction();
    }
  }

  private static void fencing(Admin admin) throws Exception {
    String topic = create(admin, "fence", 1);
    Map<String, String> config = Map.of("transactional.id", "fence-" + run);
    try (KafkaProducer<String, String> first = producer(config); KafkaProducer<String, String> second = producer(config)) {
      first.initTransactions();
      first.beginTransaction();
      first.send(new ProducerRecord<>(topic, "of the first")).get();
      second.initTransactions();
      second.beginTransaction();
      second.send(new ProducerRecord<>(topic, "of the second")).get();
      second.commitTransaction();
      try {
        first.send(new ProducerRecord<>(topic, "late")).get();
        first.commitTransaction();
        throw new IllegalStateException("the first producer is not fenced");
      } catch (ExecutionException error) {
        require(error.getCause() instanceof ProducerFencedException || error.getCause() instanceof InvalidProducerEpochException,
            "fenced, got " + error.getCause());
      } catch (ProducerFencedException error) {
        // As well.
      }
      require(readAll(topic, 1, "read_committed").equals(List.of("of the second")), "the record of the second only");
    }
  }

  private static void group(Admin admin, Map<String, String> config) throws Exception {
    String topic = create(admin, "group" + config.size(), 6);
    String groupId = "group" + config.size() + "-" + run;
    try (KafkaProducer<String, String> producer = producer(Map.of())) {
      for (int index = 0; index < 600; index++) producer.send(new ProducerRecord<>(topic, index % 6, null, "v" + index));
      producer.flush();
    }
    Map<String, String> all = new HashMap<>(config);
    all.put("group.id", groupId);
    Set<String> seen = new TreeSet<>();
    KafkaConsumer<String, String> one = consumer(all);
    KafkaConsumer<String, String> two = consumer(all);
    one.subscribe(List.of(topic));
    until("the first member has all", () -> poll(one, seen).assignment().size() == 6);
    two.subscribe(List.of(topic));
    until("both members have three", () -> poll(one, seen).assignment().size() == 3 & poll(two, seen).assignment().size() == 3);
    Set<TopicPartition> union = new HashSet<>(one.assignment());
    union.addAll(two.assignment());
    require(union.size() == 6, "partitions without overlap");
    until("all records read", () -> {
      long position = 0;
      for (var consumer : List.of(poll(one, seen), poll(two, seen))) {
        for (TopicPartition partition : consumer.assignment()) position += consumer.position(partition);
      }
      return position == 600;
    });
    require(seen.size() == 600, "600 different records, got " + seen.size());
    one.commitSync();
    two.commitSync();
    var description = admin.describeConsumerGroups(List.of(groupId)).all().get().get(groupId);
    require(description.members().size() == 2, "two members");
    two.close();
    until("the first member has all again", () -> poll(one, seen).assignment().size() == 6);
    one.close();
    long committed = admin.listConsumerGroupOffsets(groupId).partitionsToOffsetAndMetadata().get().values().stream()
        .mapToLong(OffsetAndMetadata::offset).sum();
    require(committed == 600, "600 committed, got " + committed);
    require(admin.listGroups().all().get().stream().anyMatch(listed -> listed.groupId().equals(groupId)), "the group listed");
    admin.deleteConsumerGroups(List.of(groupId)).all().get();
  }

  private static void staticMember(Admin admin) throws Exception {
    String topic = create(admin, "static", 2);
    Map<String, String> config = Map.of("group.id", "static-" + run, "group.instance.id", "instance-1");
    List<String> revoked = new ArrayList<>();
    KafkaConsumer<String, String> other = consumer(Map.of("group.id", "static-" + run, "group.instance.id", "instance-2"));
    other.subscribe(List.of(topic), new ConsumerRebalanceListener() {
      public void onPartitionsRevoked(Collection<TopicPartition> partitions) { revoked.add(partitions.toString()); }
      public void onPartitionsAssigned(Collection<TopicPartition> partitions) { }
    });
    KafkaConsumer<String, String> first = consumer(config);
    first.subscribe(List.of(topic));
    Set<String> seen = new HashSet<>();
    until("one each", () -> poll(first, seen).assignment().size() == 1 & poll(other, seen).assignment().size() == 1);
    int revocations = revoked.size();
    Set<TopicPartition> before = new HashSet<>(first.assignment());
    first.close();
    try (KafkaConsumer<String, String> again = consumer(config)) {
      again.subscribe(List.of(topic));
      until("the same partition", () -> {
        poll(other, seen);
        return poll(again, seen).assignment().equals(before);
      });
    }
    require(revoked.size() == revocations, "no rebalance");
    other.close();
  }

  private static void offsets(Admin admin) throws Exception {
    String topic = create(admin, "offsets", 1);
    TopicPartition partition = new TopicPartition(topic, 0);
    long now = System.currentTimeMillis();
    try (KafkaProducer<String, String> producer = producer(Map.of())) {
      for (int index = 0; index < 100; index++) producer.send(new ProducerRecord<>(topic, 0, now - 100_000 + index * 1000, "k", "v" + index));
      producer.flush();
    }
    try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
      consumer.assign(List.of(partition));
      require(consumer.offsetsForTimes(Map.of(partition, now - 50_500)).get(partition).offset() == 50, "offset by time");
      var newest = admin.listOffsets(Map.of(partition, OffsetSpec.maxTimestamp())).partitionResult(partition).get();
      require(newest.offset() == 99 && newest.timestamp() == now - 1000, "offset of the largest timestamp");
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(40))).all().get();
      require(consumer.beginningOffsets(List.of(partition)).get(partition) == 40, "log start 40");
      consumer.seek(partition, 7);
      Set<String> seen = new TreeSet<>();
      until("reset to the beginning", () -> poll(consumer, seen).position(partition) == 100);
      require(seen.size() == 60, "60 records are left, got " + seen.size());
    }
  }

  // ------------------------------------------------------------------------------------------------------------------

  private interface Step { void run() throws Exception; }
  private interface Condition { boolean holds() throws Exception; }

  private static void step(String name, Step step) {
    try {
      step.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      System.out.println("failed " + name + ": " + error);
      error.printStackTrace(System.err);
      System.exit(1);
    }
  }

  private static void require(boolean condition, String what) {
    if (!condition) throw new IllegalStateException("expected " + what);
  }

  private static void fails(Class<? extends Throwable> expected, Step step) throws Exception {
    try {
      step.run();
    } catch (ExecutionException error) {
      require(expected.isInstance(error.getCause()), expected.getSimpleName() + ", got " + error.getCause());
      return;
    }
    throw new IllegalStateException("expected " + expected.getSimpleName());
  }

  private static void until(String what, Condition condition) throws Exception {
    long deadline = System.currentTimeMillis() + 30_000;
    while (!condition.holds()) require(System.currentTimeMillis() < deadline, what + " within 30 s");
  }

  private static KafkaConsumer<String, String> poll(KafkaConsumer<String, String> consumer, Set<String> seen) {
    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) seen.add(record.value());
    return consumer;
  }

  private static List<String> readAll(String topic, int partitions, String isolation) {
    List<String> values = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer = consumer(Map.of("isolation.level", isolation))) {
      List<TopicPartition> all = new ArrayList<>();
      for (int index = 0; index < partitions; index++) all.add(new TopicPartition(topic, index));
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      long deadline = System.currentTimeMillis() + 30_000;
      while (all.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) values.add(record.value());
        require(System.currentTimeMillis() < deadline, "the end of " + topic + " within 30 s");
      }
    }
    return values;
  }

  private static ConsumerGroupMetadata groupMetadata(String groupId) {
    try (KafkaConsumer<String, String> consumer = consumer(Map.of("group.id", groupId))) {
      return consumer.groupMetadata();
    }
  }

  private static long end(Admin admin, String topic, IsolationLevel isolation) throws Exception {
    TopicPartition partition = new TopicPartition(topic, 0);
    return admin.listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(isolation))
        .partitionResult(partition).get().offset();
  }

  private static String create(Admin admin, String name, int partitions) throws Exception {
    String topic = name + "-" + run;
    admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
    return topic;
  }

  private static KafkaProducer<String, String> producer(Map<String, String> config) {
    return new KafkaProducer<>(properties(config), new StringSerializer(), new StringSerializer());
  }

  private static KafkaConsumer<String, String> consumer(Map<String, String> config) {
    Map<String, String> all = new HashMap<>(Map.of("auto.offset.reset", "earliest", "enable.auto.commit", "false",
        "session.timeout.ms", "6000", "heartbeat.interval.ms", "300"));
    all.putAll(config);
    return new KafkaConsumer<>(properties(all), new StringDeserializer(), new StringDeserializer());
  }

  private static Properties properties(Map<String, String> config) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.putAll(config);
    return properties;
  }
}
