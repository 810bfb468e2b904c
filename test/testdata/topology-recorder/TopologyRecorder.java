import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Makes random topologies with Kafka Streams and writes, as one JSON array, the calls that made each of them and what
 * Topology#describe says (null: the topology is refused), and for those that the DSL made what they produce from random
 * records. See README.md.
 */
public final class TopologyRecorder {
    private static final Serde<String> S = Serdes.String();

    private final Random random;
    private final List<String> calls = new ArrayList<>();
    private int names;
    private Topology topology;
    private final List<String> inputs = new ArrayList<>();

    private TopologyRecorder(final long seed) {
        random = new Random(seed);
    }

    public static void main(final String[] args) throws Exception {
        final List<Integer> seeds = IntStream.range(0, Integer.parseInt(args[1])).boxed().collect(Collectors.toList());
        for (int i = 2; i < args.length; i++) {
            seeds.add(Integer.parseInt(args[i]));
        }
        final List<String> lines = new ArrayList<>();
        for (final int seed : seeds) {
            final TopologyRecorder recorder = new TopologyRecorder(seed);
            final boolean dsl = seed % 2 == 0;
            final String describe = recorder.describe(dsl ? recorder::dsl : recorder::processorApi);
            final boolean cached = seed % 4 == 0;
            final boolean runs = dsl && describe != null;
            lines.add("{\"seed\":" + seed + ",\"api\":\"" + (dsl ? "dsl" : "processor") + "\",\"calls\":["
                + String.join(",", recorder.calls) + "],\"describe\":" + text(describe) + ",\"cached\":" + cached
                + ",\"steps\":[" + (runs ? String.join(",\n ", recorder.run(cached)) : "") + "]}");
        }
        try (PrintStream out = new PrintStream(args[0], "UTF-8")) {
            out.println("[\n" + String.join(",\n", lines) + "\n]");
        }
    }

    private String describe(final Supplier<Topology> make) {
        try {
            topology = make.get();
            return topology.describe().toString();
        } catch (final RuntimeException refused) {
            return null;
        }
    }

    // --- running -----------------------------------------------------------------------------------------------------

    private static boolean fits(final String key, final String value) {
        return value != null && value.length() % 2 == 0;
    }

    private static String last(final String text) {
        return text.length() > 6 ? text.substring(text.length() - 6) : text;
    }

    private static String shorter(final String text, final int limit) {
        return text.length() > limit ? null : text;
    }

    private static String mapped(final String value) {
        return value.startsWith("n") ? null : last(value + "t");
    }

    private static List<KeyValue<String, String>> pairs(final String key, final String value) {
        return value == null ? new ArrayList<>() : Arrays.asList(KeyValue.pair(key, value), KeyValue.pair(value, key));
    }

    private static List<String> parts(final String value) {
        return value == null ? new ArrayList<>() : Arrays.asList(value, last(value + "f"));
    }

    /** Each step: topic, key, value and timestamp of a record, and what it made the topology produce, by topic. */
    private List<String> run(final boolean cached) throws Exception {
        final Properties config = new Properties();
        config.setProperty("application.id", "app");
        config.setProperty("bootstrap.servers", "nowhere:1");
        config.setProperty("default.key.serde", Serdes.StringSerde.class.getName());
        config.setProperty("default.value.serde", Serdes.StringSerde.class.getName());
        config.setProperty("statestore.cache.max.bytes", cached ? "1000000" : "0");
        config.setProperty("dsl.store.suppliers.class", "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
        config.setProperty("state.dir", Files.createTempDirectory("recorder").toString());
        final List<String> keys = Arrays.asList("a", "b", "c", "", null);
        final List<String> values = Arrays.asList("x", "yy", "n1", "zzz", "", null, "w", "vv");
        final List<String> steps = new ArrayList<>();
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, config)) {
            for (int i = 0, produced = 0; i < 10 && produced < 150; i++) {
                final String topic = pick(inputs);
                final String key = pick(keys);
                final String value = pick(values);
                final long timestamp = random.nextInt(50);
                driver.createInputTopic(topic, new StringSerializer(), new StringSerializer())
                    .pipeInput(new TestRecord<>(key, value, Instant.ofEpochMilli(timestamp)));
                final List<String> out = drain(driver);
                produced += out.size();
                steps.add("[" + text(topic) + "," + text(key) + "," + text(value) + "," + timestamp + ",["
                    + String.join(",", out) + "]]");
            }
        }
        return steps;
    }

    private static List<String> drain(final TopologyTestDriver driver) {
        final List<String> out = new ArrayList<>();
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final TestOutputTopic<byte[], byte[]> records =
                driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            while (!records.isEmpty()) {
                final TestRecord<byte[], byte[]> record = records.readRecord();
                out.add("[" + text(topic) + "," + text(latin1(record.key())) + "," + text(latin1(record.value())) + ","
                    + record.timestamp() + "]");
            }
        }
        return out;
    }

    private static String latin1(final byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.ISO_8859_1);
    }

    // --- recording ---------------------------------------------------------------------------------------------------

    /** One call: what it is, the indices of what it is applied to, its options (null: not given). */
    private void call(final String what, final Object... arguments) {
        final List<String> parts = new ArrayList<>();
        parts.add(text(what));
        for (final Object argument : arguments) {
            parts.add(json(argument));
        }
        calls.add("[" + String.join(",", parts) + "]");
    }

    private static String json(final Object o) {
        if (o instanceof List) {
            final List<String> parts = new ArrayList<>();
            for (final Object part : (List<?>) o) {
                parts.add(json(part));
            }
            return "[" + String.join(",", parts) + "]";
        }
        return o instanceof String ? text((String) o) : String.valueOf(o);
    }

    private static String text(final String s) {
        if (s == null) {
            return "null";
        }
        final StringBuilder text = new StringBuilder("\"");
        for (final char c : s.toCharArray()) {
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else {
                text.append(c >= ' ' && c < 127 ? String.valueOf(c) : c == '\n' ? "\\n" : String.format("\\u%04x", (int) c));
            }
        }
        return text.append('"').toString();
    }

    private boolean chance(final int percent) {
        return random.nextInt(100) < percent;
    }

    private <T> T pick(final List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    /** Short and long, with and without a common beginning: their hashes decide the order. */
    private String name() {
        final String[] bases = {"n", "processor-", "KSTREAM-MAP-", "a.b_", "Z", ""};
        final StringBuilder name = new StringBuilder(bases[random.nextInt(bases.length)]);
        for (int i = random.nextInt(6); i >= 0; i--) {
            name.append((char) ('a' + random.nextInt(26)));
        }
        return name.append(names++).toString();
    }

    private String maybe(final int percent, final String name) {
        return chance(percent) ? name : null;
    }

    // --- processor API -----------------------------------------------------------------------------------------------

    private static Processor<String, String, String, String> nothing() {
        return new ContextualProcessor<>() {
            @Override
            public void process(final Record<String, String> record) {
                context().forward(record);
            }
        };
    }

    private Topology processorApi() {
        final Topology topology = new Topology();
        final List<String> parents = new ArrayList<>();
        final List<String> processors = new ArrayList<>();
        final int size = 2 + random.nextInt(random.nextInt(10) == 0 ? 90 : 25);
        source(topology, parents);
        for (int i = 0; i < size; i++) {
            final int kind = random.nextInt(100);
            if (kind < 12) {
                source(topology, parents);
            } else if (kind < 70) {
                final String name = name();
                final List<String> from = some(parents, 3);
                call("addProcessor", name, from);
                topology.addProcessor(name, TopologyRecorder::nothing, from.toArray(new String[0]));
                parents.add(name);
                processors.add(name);
            } else if (kind < 85) {
                final String name = name();
                final List<String> from = some(parents, 3);
                final String topic = name();
                call("addSink", name, topic, from);
                topology.addSink(name, topic, from.toArray(new String[0]));
            } else if (!processors.isEmpty()) {
                final String name = name();
                final List<String> users = some(processors, 3);
                call("addStateStore", name, users);
                topology.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S),
                    users.toArray(new String[0]));
            }
        }
        return topology;
    }

    private void source(final Topology topology, final List<String> parents) {
        final String name = name();
        final List<String> topics = new ArrayList<>();
        for (int i = random.nextInt(chance(10) ? 20 : 3); i >= 0; i--) {
            topics.add(name());
        }
        call("addSource", name, topics);
        topology.addSource(name, topics.toArray(new String[0]));
        parents.add(name);
    }

    private List<String> some(final List<String> from, final int max) {
        final List<String> chosen = new ArrayList<>();
        for (int i = random.nextInt(max); i >= 0; i--) {
            chosen.add(pick(from));
        }
        return chosen;
    }

    // --- DSL ---------------------------------------------------------------------------------------------------------

    private final StreamsBuilder builder = new StreamsBuilder();
    private final List<KStream<String, String>> streams = new ArrayList<>();
    private final List<KGroupedStream<String, String>> groups = new ArrayList<>();
    private final List<KTable<String, String>> tables = new ArrayList<>();
    private final List<String> stores = new ArrayList<>();

    private Topology dsl() {
        stream();
        for (int i = 3 + random.nextInt(22); i >= 0; i--) {
            final int kind = random.nextInt(100);
            if (kind < 10) {
                stream();
            } else if (kind < 15) {
                table();
            } else if (kind < 60) {
                streamOperator();
            } else if (kind < 85) {
                aggregate();
            } else if (tables.isEmpty()) {
                streamOperator();
            } else {
                tableOperator();
            }
        }
        return builder.build();
    }

    private void stream() {
        final String[] choice = {"t1", "t2", "t3", "t4", "t5", "other", "x", "y"};
        final List<String> topics = new ArrayList<>();
        topics.add(choice[random.nextInt(choice.length)]);
        if (chance(8)) {
            topics.add("more-" + name());
        }
        final String name = maybe(15, name());
        call("stream", topics, name);
        final Consumed<String, String> consumed = Consumed.with(S, S);
        inputs.addAll(topics);
        streams.add(builder.stream(topics, name == null ? consumed : consumed.withName(name)));
    }

    private void table() {
        final String topic = "table" + names++;
        final String name = maybe(25, name());
        final String store = maybe(40, name());
        call("table", topic, name, store);
        final Consumed<String, String> consumed = Consumed.with(S, S);
        inputs.add(topic);
        final Consumed<String, String> named = name == null ? consumed : consumed.withName(name);
        tables.add(store == null ? builder.table(topic, named) : builder.table(topic, named, Materialized.as(store)));
    }

    private void streamOperator() {
        final int from = random.nextInt(streams.size());
        final KStream<String, String> stream = streams.get(from);
        final String name = maybe(20, name());
        final Named named = name == null ? null : Named.as(name);
        switch (random.nextInt(17)) {
            case 0:
                call("filter", from, name);
                streams.add(named == null ? stream.filter(TopologyRecorder::fits) : stream.filter(TopologyRecorder::fits, named));
                break;
            case 1:
                call("map", from, name);
                streams.add(named == null ? stream.map((k, v) -> KeyValue.pair(v, k)) : stream.map((k, v) -> KeyValue.pair(v, k), named));
                break;
            case 2:
                call("mapValues", from, name);
                streams.add(named == null ? stream.mapValues(v -> last(v + "m")) : stream.mapValues(v -> last(v + "m"), named));
                break;
            case 3:
                call("flatMap", from, name);
                streams.add(named == null ? stream.flatMap(TopologyRecorder::pairs)
                    : stream.flatMap(TopologyRecorder::pairs, named));
                break;
            case 4:
                call("flatMapValues", from, name);
                streams.add(named == null ? stream.flatMapValues(TopologyRecorder::parts)
                    : stream.flatMapValues(TopologyRecorder::parts, named));
                break;
            case 5:
            case 6:
                call("selectKey", from, name);
                streams.add(named == null ? stream.selectKey((k, v) -> v) : stream.selectKey((k, v) -> v, named));
                break;
            case 7:
                call("peek", from, name);
                streams.add(named == null ? stream.peek((k, v) -> { }) : stream.peek((k, v) -> { }, named));
                break;
            case 8:
                call("forEach", from, name);
                if (named == null) {
                    stream.foreach((k, v) -> { });
                } else {
                    stream.foreach((k, v) -> { }, named);
                }
                break;
            case 9:
            case 10:
                final int other = random.nextInt(streams.size());
                call("merge", from, other, name);
                streams.add(named == null ? stream.merge(streams.get(other)) : stream.merge(streams.get(other), named));
                break;
            case 11:
                call("repartition", from, name);
                streams.add(stream.repartition(name == null ? Repartitioned.with(S, S)
                    : Repartitioned.<String, String>as(name).withKeySerde(S).withValueSerde(S)));
                break;
            case 12:
                final String topic = name();
                call("to", from, topic, name);
                stream.to(topic, name == null ? Produced.with(S, S) : Produced.with(S, S).withName(name));
                break;
            case 13:
                final String store = maybe(50, name());
                call("toTable", from, name, store);
                final Materialized<String, String, KeyValueStore<Bytes, byte[]>> materialized =
                    (store == null ? Materialized.<String, String, KeyValueStore<Bytes, byte[]>>with(S, S)
                        : Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(store)).withKeySerde(S).withValueSerde(S);
                tables.add(named == null ? stream.toTable(materialized) : stream.toTable(named, materialized));
                break;
            case 14:
                final List<String> users = process(from, name);
                streams.add(named == null ? stream.process(TopologyRecorder::nothing, users.toArray(new String[0]))
                    : stream.process(TopologyRecorder::nothing, named, users.toArray(new String[0])));
                break;
            case 15:
                call("groupByKey", from, name);
                groups.add(stream.groupByKey(name == null ? Grouped.with(S, S) : Grouped.with(name, S, S)));
                break;
            default:
                call("groupBy", from, name);
                groups.add(stream.groupBy((k, v) -> v, name == null ? Grouped.with(S, S) : Grouped.with(name, S, S)));
        }
    }

    private List<String> process(final int from, final String name) {
        if (stores.isEmpty() || chance(40)) {
            final String store = name();
            call("addStateStore", store);
            builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), S, S));
            stores.add(store);
        }
        final List<String> users = some(stores, 2);
        call("process", from, users, name);
        return users;
    }

    private void aggregate() {
        if (groups.isEmpty()) {
            final int from = random.nextInt(streams.size());
            call("groupBy", from, null);
            groups.add(streams.get(from).groupBy((k, v) -> v, Grouped.with(S, S)));
        }
        final int from = random.nextInt(groups.size());
        final KGroupedStream<String, String> group = groups.get(from);
        final String name = maybe(20, name());
        final String store = maybe(40, name());
        final Materialized<String, String, KeyValueStore<Bytes, byte[]>> materialized =
            store == null ? Materialized.with(S, S) : Materialized.as(store);
        final Named named = name == null ? null : Named.as(name);
        switch (random.nextInt(3)) {
            case 0:
                final boolean unnamed = store == null && chance(50);
                call("count", from, name, store, unnamed);
                if (unnamed || store != null) {
                    final Materialized<String, Long, KeyValueStore<Bytes, byte[]>> counted =
                        store == null ? Materialized.with(S, Serdes.Long()) : Materialized.as(store);
                    tables.add((named == null ? group.count(counted) : group.count(named, counted)).mapValues(String::valueOf));
                } else {
                    tables.add((named == null ? group.count() : group.count(named)).mapValues(String::valueOf));
                }
                break;
            case 1:
                call("reduce", from, name, store);
                tables.add(named == null ? group.reduce((a, v) -> shorter(a + v, 4), materialized)
                    : group.reduce((a, v) -> shorter(a + v, 4), named, materialized));
                break;
            default:
                call("aggregate", from, name, store);
                tables.add(named == null ? group.aggregate(() -> "", (k, v, a) -> shorter(a + v, 5), materialized)
                    : group.aggregate(() -> "", (k, v, a) -> shorter(a + v, 5), named, materialized));
        }
    }

    private void tableOperator() {
        final int from = random.nextInt(tables.size());
        final KTable<String, String> table = tables.get(from);
        final String name = maybe(20, name());
        final Named named = name == null ? null : Named.as(name);
        final String store = maybe(30, name());
        final Materialized<String, String, KeyValueStore<Bytes, byte[]>> materialized = store == null ? null
            : Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(store).withKeySerde(S).withValueSerde(S);
        switch (random.nextInt(4)) {
            case 0:
                call("tableFilter", from, name, store);
                if (store == null) {
                    tables.add(named == null ? table.filter(TopologyRecorder::fits) : table.filter(TopologyRecorder::fits, named));
                } else {
                    tables.add(named == null ? table.filter(TopologyRecorder::fits, materialized)
                        : table.filter(TopologyRecorder::fits, named, materialized));
                }
                break;
            case 1:
                call("tableMapValues", from, name, store);
                if (store == null) {
                    tables.add(named == null ? table.mapValues(TopologyRecorder::mapped) : table.mapValues(TopologyRecorder::mapped, named));
                } else {
                    tables.add(named == null ? table.mapValues(TopologyRecorder::mapped, materialized)
                        : table.mapValues(TopologyRecorder::mapped, named, materialized));
                }
                break;
            case 2:
                call("toStreamWithKey", from, name);
                streams.add(named == null ? table.toStream((k, v) -> v == null ? k : v) : table.toStream((k, v) -> v == null ? k : v, named));
                break;
            default:
                call("toStream", from, name);
                streams.add(named == null ? table.toStream() : table.toStream(named));
        }
    }
}
