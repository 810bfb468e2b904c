import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
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

/**
 * Makes random topologies with Kafka Streams and writes, as one JSON array, the calls that made each of them and what
 * Topology#describe says (null: the topology is refused). See README.md.
 */
public final class TopologyRecorder {
    private static final Serde<String> S = Serdes.String();

    private final Random random;
    private final List<String> calls = new ArrayList<>();
    private int names;

    private TopologyRecorder(final long seed) {
        random = new Random(seed);
    }

    public static void main(final String[] args) throws Exception {
        final int count = Integer.parseInt(args[0]);
        final List<String> lines = new ArrayList<>();
        for (int seed = 0; seed < count; seed++) {
            final TopologyRecorder recorder = new TopologyRecorder(seed);
            final boolean dsl = seed % 2 == 0;
            final String describe = recorder.describe(dsl ? recorder::dsl : recorder::processorApi);
            lines.add("{\"seed\":" + seed + ",\"api\":\"" + (dsl ? "dsl" : "processor") + "\",\"calls\":["
                + String.join(",", recorder.calls) + "],\"describe\":" + text(describe) + "}");
        }
        try (PrintStream out = new PrintStream(args[1], "UTF-8")) {
            out.println("[\n" + String.join(",\n", lines) + "\n]");
        }
    }

    private String describe(final Supplier<Topology> make) {
        try {
            return make.get().describe().toString();
        } catch (final RuntimeException refused) {
            return null;
        }
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
        return s == null ? "null" : "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
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
        streams.add(builder.stream(topics, name == null ? consumed : consumed.withName(name)));
    }

    private void table() {
        final String topic = "table" + names++;
        final String name = maybe(25, name());
        final String store = maybe(40, name());
        call("table", topic, name, store);
        final Consumed<String, String> consumed = Consumed.with(S, S);
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
                streams.add(named == null ? stream.filter((k, v) -> true) : stream.filter((k, v) -> true, named));
                break;
            case 1:
                call("map", from, name);
                streams.add(named == null ? stream.map(KeyValue::pair) : stream.map(KeyValue::pair, named));
                break;
            case 2:
                call("mapValues", from, name);
                streams.add(named == null ? stream.mapValues(v -> v) : stream.mapValues(v -> v, named));
                break;
            case 3:
                call("flatMap", from, name);
                streams.add(named == null ? stream.flatMap((k, v) -> new ArrayList<KeyValue<String, String>>())
                    : stream.flatMap((k, v) -> new ArrayList<KeyValue<String, String>>(), named));
                break;
            case 4:
                call("flatMapValues", from, name);
                streams.add(named == null ? stream.flatMapValues(v -> Arrays.asList(v))
                    : stream.flatMapValues(v -> Arrays.asList(v), named));
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
                tables.add(named == null ? group.reduce((a, v) -> a, materialized) : group.reduce((a, v) -> a, named, materialized));
                break;
            default:
                call("aggregate", from, name, store);
                tables.add(named == null ? group.aggregate(() -> "", (k, v, a) -> a, materialized)
                    : group.aggregate(() -> "", (k, v, a) -> a, named, materialized));
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
                    tables.add(named == null ? table.filter((k, v) -> true) : table.filter((k, v) -> true, named));
                } else {
                    tables.add(named == null ? table.filter((k, v) -> true, materialized)
                        : table.filter((k, v) -> true, named, materialized));
                }
                break;
            case 1:
                call("tableMapValues", from, name, store);
                if (store == null) {
                    tables.add(named == null ? table.mapValues(v -> v) : table.mapValues(v -> v, named));
                } else {
                    tables.add(named == null ? table.mapValues(v -> v, materialized)
                        : table.mapValues(v -> v, named, materialized));
                }
                break;
            case 2:
                call("toStreamWithKey", from, name);
                streams.add(named == null ? table.toStream((k, v) -> v) : table.toStream((k, v) -> v, named));
                break;
            default:
                call("toStream", from, name);
                streams.add(named == null ? table.toStream() : table.toStream(named));
        }
    }
}
