import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.kstream.internals.NamedInternal;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Java's side of the differential test: reads programs, one JSON object a line, runs each in Kafka Streams'
 * TopologyTestDriver and answers with a line that says what it did. program.ts says what a program is; replay.ts is the
 * same interpreter for millrace, and the callbacks at the end of both do the same.
 */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class DifferentialRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Serde S = Serdes.String();

    private final Map<Integer, Object> made = new HashMap<>();
    private final StreamsBuilder builder = new StreamsBuilder();

    public static void main(final String[] args) throws IOException {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        final PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(run(JSON.readTree(line)));
        }
        System.exit(0);
    }

    private static ObjectNode run(final JsonNode program) throws IOException {
        final ObjectNode answer = JSON.createObjectNode();
        final Path stateDir = Files.createTempDirectory("differential");
        try {
            final Properties config = config(program.get("config"), stateDir);
            final Topology topology = new DifferentialRunner().build(program.get("calls"), config);
            answer.put("describe", topology.describe().toString());
            final TopologyTestDriver driver = new TopologyTestDriver(topology, config, Instant.ofEpochMilli(0));
            try {
                answer.set("steps", steps(driver, program.get("steps")));
                answer.set("stores", stores(driver, program.get("queries")));
                answer.put("dropped", dropped(driver));
            } finally {
                close(driver);
            }
        } catch (final RuntimeException | StackOverflowError refused) {
            answer.put("refused", refused + (refused.getCause() == null ? "" : " caused by " + refused.getCause()));
        } finally {
            delete(stateDir);
        }
        return answer;
    }

    /** After a step that failed it may fail too, in what it flushes. */
    private static void close(final TopologyTestDriver driver) {
        try {
            driver.close();
        } catch (final RuntimeException ignored) {
            // The failure of the step is what is told.
        }
    }

    private static Properties config(final JsonNode chosen, final Path stateDir) {
        final Properties p = new Properties();
        p.setProperty("application.id", "app");
        p.setProperty("bootstrap.servers", "nowhere:1");
        p.setProperty("default.key.serde", Serdes.StringSerde.class.getName());
        p.setProperty("default.value.serde", Serdes.StringSerde.class.getName());
        p.setProperty("statestore.cache.max.bytes", chosen.get("cache").asText());
        p.setProperty("dsl.store.suppliers.class",
            "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
        p.setProperty("topology.optimization", chosen.get("optimization").asText());
        p.setProperty("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", chosen.get("emitInterval").asText());
        p.setProperty("__emit.interval.ms.kstreams.windowed.aggregation__", chosen.get("emitInterval").asText());
        p.setProperty("state.dir", stateDir.toString());
        return p;
    }

    private Topology build(final JsonNode calls, final Properties config) {
        for (final JsonNode call : calls) {
            final Object result = perform(call);
            if (call.has("id")) {
                made.put(call.get("id").asInt(), result);
            }
        }
        return builder.build(config);
    }

    // --- running -----------------------------------------------------------------------------------------------------

    private static ArrayNode steps(final TopologyTestDriver driver, final JsonNode steps) {
        final ArrayNode answers = JSON.createArrayNode();
        int produced = 0;
        for (final JsonNode step : steps) {
            final ObjectNode answer = answers.addObject();
            try {
                pipe(driver, step);
                answer.set("out", drain(driver));
            } catch (final RuntimeException failed) {
                answer.put("error", failed + (failed.getCause() == null ? "" : " caused by " + failed.getCause()));
                break;
            }
            produced += answer.get("out").size();
            if (produced > 3000) {
                break;
            }
        }
        return answers;
    }

    private static void pipe(final TopologyTestDriver driver, final JsonNode step) {
        if (step.has("wall")) {
            driver.advanceWallClockTime(Duration.ofMillis(step.get("wall").asLong()));
            return;
        }
        final RecordHeaders headers = new RecordHeaders();
        if (step.has("header")) {
            headers.add("h", step.get("header").asText().getBytes(StandardCharsets.UTF_8));
        }
        driver.createInputTopic(step.get("topic").asText(), new ByteArraySerializer(), new ByteArraySerializer())
            .pipeInput(new TestRecord<>(bytes(step.get("key")), bytes(step.get("value")), headers, step.get("ts").asLong()));
    }

    private static ArrayNode drain(final TopologyTestDriver driver) {
        final ArrayNode out = JSON.createArrayNode();
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final TestOutputTopic<byte[], byte[]> records =
                driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            while (!records.isEmpty()) {
                final TestRecord<byte[], byte[]> r = records.readRecord();
                final StringBuilder headers = new StringBuilder();
                for (final Header h : r.headers()) {
                    headers.append(h.key()).append('=').append(hex(h.value())).append(';');
                }
                out.addArray().add(topic).add(hex(r.key())).add(hex(r.value())).add(r.timestamp()).add(headers.toString());
            }
        }
        return out;
    }

    private static ObjectNode stores(final TopologyTestDriver driver, final JsonNode queries) {
        final ObjectNode all = JSON.createObjectNode();
        for (final JsonNode query : queries) {
            final String name = query.asText();
            final StateStore store = driver.getAllStateStores().get(name);
            final ArrayNode rows = JSON.createArrayNode();
            if (store instanceof VersionedKeyValueStore) {
                versions(rows, (VersionedKeyValueStore) store);
            } else if (store instanceof KeyValueStore) {
                rows(rows, ((KeyValueStore) store).all());
            } else if (store instanceof WindowStore) {
                rows(rows, ((WindowStore) store).all());
            } else if (store instanceof SessionStore) {
                for (final String key : KEYS) {
                    rows(rows, ((SessionStore) store).fetch(key));
                }
            } else {
                continue;
            }
            all.set(name, rows);
        }
        return all;
    }

    private static void versions(final ArrayNode rows, final VersionedKeyValueStore<Object, Object> store) {
        for (final String key : KEYS) {
            for (final long time : new long[] {Long.MAX_VALUE, 5, 20, 40, 80}) {
                final VersionedRecord<Object> found = store.get(key, time);
                if (found != null) {
                    rows.addArray().add(key).add(time == Long.MAX_VALUE ? -1 : time).add(text(found.value()))
                        .add(found.timestamp()).add(found.validTo().isPresent() ? found.validTo().get() : -1);
                }
            }
        }
    }

    private static void rows(final ArrayNode rows, final KeyValueIterator<Object, Object> found) {
        while (found.hasNext()) {
            final KeyValue<Object, Object> row = found.next();
            final ArrayNode cells = rows.addArray().add(text(row.key));
            if (row.key instanceof Windowed && ((Windowed<?>) row.key).window().end() < Long.MAX_VALUE) {
                cells.add(((Windowed<?>) row.key).window().end());
            }
            if (row.value instanceof ValueAndTimestamp) {
                final ValueAndTimestamp<?> value = (ValueAndTimestamp<?>) row.value;
                cells.add(text(value.value())).add(value.timestamp());
            } else {
                cells.add(text(row.value));
            }
        }
        found.close();
    }

    private static long dropped(final TopologyTestDriver driver) {
        double sum = 0;
        for (final Map.Entry<MetricName, ? extends Metric> e : driver.metrics().entrySet()) {
            if (e.getKey().name().equals("dropped-records-total") && e.getKey().group().equals("stream-task-metrics")) {
                sum += ((Number) e.getValue().metricValue()).doubleValue();
            }
        }
        return (long) sum;
    }

    private static byte[] bytes(final JsonNode text) {
        return text == null || text.isNull() ? null : text.asText().getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(final byte[] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    private static void delete(final Path dir) throws IOException {
        try (Stream<Path> paths = Files.walk(dir)) {
            for (final Path p : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        }
    }

    // --- calls -------------------------------------------------------------------------------------------------------

    private Object perform(final JsonNode c) {
        final Named named = named(c);
        switch (c.get("op").asText()) {
            case "stream":
                return c.has("pattern") ? builder.stream(java.util.regex.Pattern.compile(c.get("pattern").asText()), consumed(c))
                    : builder.stream(texts(c.get("topics")), consumed(c));
            case "table":
                return c.has("mat") ? builder.table(c.get("topic").asText(), consumed(c), materialized(c, "S", "S"))
                    : builder.table(c.get("topic").asText(), consumed(c));
            case "globalTable":
                return c.has("mat") ? builder.globalTable(c.get("topic").asText(), consumed(c), materialized(c, "S", "S"))
                    : builder.globalTable(c.get("topic").asText(), consumed(c));
            case "addStore":
                builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(c.get("store").asText()), S, S));
                return null;
            case "filter":
                return stream(c).filter(DifferentialRunner::fits, named);
            case "filterNot":
                return stream(c).filterNot(DifferentialRunner::fits, named);
            case "map":
                return stream(c).map((k, v) -> KeyValue.pair(orNull(v), orNull(k)), named);
            case "mapValues":
                return stream(c).mapValues(v -> last(text(v) + "m", 6), named);
            case "mapSomeToNull":
                return stream(c).mapValues(DifferentialRunner::someToNull, named);
            case "flatMap":
                return stream(c).flatMap(DifferentialRunner::pairs, named);
            case "flatMapValues":
                return stream(c).flatMapValues(DifferentialRunner::parts, named);
            case "selectKey":
                return stream(c).selectKey((k, v) -> first(v), named);
            case "peek":
                return stream(c).peek((k, v) -> { }, named);
            case "forEach":
                stream(c).foreach((k, v) -> { }, named);
                return null;
            case "merge":
                return stream(c).merge((KStream) made(c, "other"), named);
            case "repartition":
                return stream(c).repartition((c.has("name") ? Repartitioned.as(c.get("name").asText()) : Repartitioned.with(S, S))
                    .withKeySerde(S).withValueSerde(serde(c, "v")));
            case "to":
                to(c);
                return null;
            case "toChosen":
                stream(c).to(new ChosenTopic(), c.has("name") ? Produced.with(serde(c, "k"), serde(c, "v")).withName(name(c))
                    : Produced.with(serde(c, "k"), serde(c, "v")));
                return null;
            case "toTable":
                return c.has("mat") ? stream(c).toTable(named, materialized(c, "S", "S"))
                    : stream(c).toTable(named, Materialized.with(S, S));
            case "process":
                return c.has("name") ? stream(c).process(() -> new Remember(c), named, names(c))
                    : stream(c).process(() -> new Remember(c), names(c));
            case "processValues":
                return c.has("name") ? stream(c).processValues(() -> new RememberValues(c), named, names(c))
                    : stream(c).processValues(() -> new RememberValues(c), names(c));
            case "groupByKey":
                return stream(c).groupByKey(Grouped.with(name(c), S, serde(c, "v")));
            case "groupBy":
                return stream(c).groupBy((k, v) -> first(v), Grouped.with(name(c), S, serde(c, "v")));
            case "split":
                return split(c);
            case "branch":
                return ((List<Object>) made(c, "from")).get(c.get("index").asInt());
            case "streamJoin":
                return streamJoin(c);
            case "tableLookup":
                return tableLookup(c);
            case "globalLookup":
                return globalLookup(c, named);
            case "aggregate":
                return aggregate(c, named);
            case "cogroup":
                return cogroup(c, named);
            default:
                return performOnTable(c, named);
        }
    }

    private Object performOnTable(final JsonNode c, final Named named) {
        final Materialized m = c.has("mat") ? materialized(c, type(c, "k"), "S") : null;
        switch (c.get("op").asText()) {
            case "tableFilter":
                return m == null ? table(c).filter(DifferentialRunner::fits, named)
                    : table(c).filter(DifferentialRunner::fits, named, materialized(c, type(c, "k"), type(c, "v")));
            case "tableFilterNot":
                return m == null ? table(c).filterNot(DifferentialRunner::fits, named)
                    : table(c).filterNot(DifferentialRunner::fits, named, materialized(c, type(c, "k"), type(c, "v")));
            case "tableMapValues":
                return m == null ? table(c).mapValues(DifferentialRunner::someToNull, named)
                    : table(c).mapValues(DifferentialRunner::someToNull, named, m);
            case "transformValues":
                return m == null ? table(c).transformValues(() -> new Transform(c), named, names(c))
                    : table(c).transformValues(() -> new Transform(c), m, named, names(c));
            case "toStream":
                return table(c).toStream(named);
            case "toStreamWithKey":
                return table(c).toStream((k, v) -> v == null ? text(k) : first(v), named);
            case "tableGroupBy":
                return table(c).groupBy((k, v) -> KeyValue.pair(text(v).startsWith("n") ? null : first(v), v),
                    Grouped.with(name(c), S, serde(c, "v")));
            case "tableAggregate":
                return tableAggregate(c, named);
            case "tableJoin":
                return tableJoin(c, named, m);
            case "foreignKeyJoin":
                return foreignKeyJoin(c, m);
            case "suppress":
                return table(c).suppress(suppressed(c));
            default:
                throw new IllegalArgumentException("unknown call " + c);
        }
    }

    private void to(final JsonNode c) {
        final Produced produced = c.has("inherit") ? Produced.as(name(c)) : Produced.with(serde(c, "k"), serde(c, "v"));
        stream(c).to(c.get("topic").asText(), c.has("name") ? produced.withName(name(c)) : produced);
    }

    private List<Object> split(final JsonNode c) {
        BranchedKStream branches = c.has("name") ? stream(c).split(named(c)) : stream(c).split();
        for (final JsonNode b : c.get("branches")) {
            final Predicate predicate = b.get("on").asText().equals("a") ? (k, v) -> text(k).equals("a") : DifferentialRunner::fits;
            branches = b.has("plain") && !b.has("name") ? branches.branch(predicate) : branches.branch(predicate, branched(b));
        }
        final Map<String, KStream> all = !c.has("default") ? branches.noDefaultBranch()
            : c.get("default").has("plain") && !c.get("default").has("name") ? branches.defaultBranch()
            : branches.defaultBranch(branched(c.get("default")));
        return new ArrayList<>(new TreeMap<>(all).values());
    }

    private static Branched branched(final JsonNode b) {
        if (b.has("topic")) {
            return Branched.withConsumer(s -> ((KStream) s).mapValues(v -> last(text(v) + "m", 6)).to(b.get("topic").asText()), name(b));
        }
        if (b.has("mapped")) {
            return Branched.withFunction(s -> ((KStream) s).mapValues(v -> last(text(v) + "m", 6)), name(b));
        }
        return Branched.as(name(b));
    }

    private Object streamJoin(final JsonNode c) {
        final JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(ms(c, "before"), ms(c, "grace")).after(ms(c, "after"));
        StreamJoined joined = StreamJoined.with(S, serde(c, "v"), serde(c, "vo"));
        if (c.has("name")) {
            joined = joined.withName(name(c));
        }
        if (c.has("store")) {
            joined = joined.withStoreName(c.get("store").asText());
        }
        if (c.has("logging")) {
            joined = joined.withLoggingDisabled();
        }
        final KStream other = (KStream) made(c, "other");
        final ValueJoiner joiner = DifferentialRunner::joined;
        switch (c.get("how").asText()) {
            case "inner":
                return stream(c).join(other, joiner, windows, joined);
            case "left":
                return stream(c).leftJoin(other, joiner, windows, joined);
            default:
                return stream(c).outerJoin(other, joiner, windows, joined);
        }
    }

    private Object tableLookup(final JsonNode c) {
        final Joined joined = Joined.with(S, serde(c, "v"), serde(c, "vo"), name(c), c.has("grace") ? ms(c, "grace") : null);
        final KTable table = (KTable) made(c, "other");
        final ValueJoiner joiner = DifferentialRunner::joined;
        return c.get("how").asText().equals("inner") ? stream(c).join(table, joiner, joined)
            : stream(c).leftJoin(table, joiner, joined);
    }

    private Object globalLookup(final JsonNode c, final Named named) {
        final GlobalKTable table = (GlobalKTable) made(c, "other");
        final KeyValueMapper mapper = (k, v) -> first(v);
        final ValueJoiner joiner = DifferentialRunner::joined;
        return c.get("how").asText().equals("inner") ? stream(c).join(table, mapper, joiner, named)
            : stream(c).leftJoin(table, mapper, joiner, named);
    }

    private Object aggregate(final JsonNode c, final Named named) {
        final KGroupedStream group = (KGroupedStream) made(c, "from");
        final String agg = c.get("agg").asText();
        final Materialized m = c.has("mat") ? materialized(c, "S", agg.equals("count") ? "L" : "S") : null;
        final Initializer init = () -> "";
        final Aggregator add = (k, v, a) -> shorter(text(a) + text(v), 5);
        final Reducer reduce = (a, v) -> shorter(text(a) + text(v), 4);
        final Merger merger = (k, a, b) -> last(text(a) + "|" + text(b), 6);
        if (!c.has("windows")) {
            switch (agg) {
                case "count": return m == null ? group.count(named) : group.count(named, m);
                case "reduce": return group.reduce(reduce, named, m == null ? Materialized.with(S, S) : m);
                default: return group.aggregate(init, add, named, m == null ? Materialized.with(S, S) : m);
            }
        }
        final Object windowed = windowed(group, c);
        if (windowed instanceof TimeWindowedKStream) {
            final TimeWindowedKStream w = (TimeWindowedKStream) windowed;
            switch (agg) {
                case "count": return m == null ? w.count(named) : w.count(named, m);
                case "reduce": return w.reduce(reduce, named, m == null ? Materialized.with(S, S) : m);
                default: return w.aggregate(init, add, named, m == null ? Materialized.with(S, S) : m);
            }
        }
        final SessionWindowedKStream w = (SessionWindowedKStream) windowed;
        switch (agg) {
            case "count": return m == null ? w.count(named) : w.count(named, m);
            case "reduce": return w.reduce(reduce, named, m == null ? Materialized.with(S, S) : m);
            default: return w.aggregate(init, add, merger, named, m == null ? Materialized.with(S, S) : m);
        }
    }

    private static Object windowed(final KGroupedStream group, final JsonNode c) {
        final JsonNode w = c.get("windows");
        final boolean close = c.has("emit");
        switch (w.get("kind").asText()) {
            case "sliding": {
                final TimeWindowedKStream s = group.windowedBy(sliding(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
            case "session": {
                final SessionWindowedKStream s = group.windowedBy(session(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
            default: {
                final TimeWindowedKStream s = group.windowedBy(time(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
        }
    }

    private static Windows time(final JsonNode w) {
        if (w.get("kind").asText().equals("unlimited")) {
            return UnlimitedWindows.of().startOn(Instant.ofEpochMilli(w.get("start").asLong()));
        }
        return TimeWindows.ofSizeAndGrace(ms(w, "size"), ms(w, "grace")).advanceBy(ms(w, "advance"));
    }

    private static SlidingWindows sliding(final JsonNode w) {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(w, "difference"), ms(w, "grace"));
    }

    private static SessionWindows session(final JsonNode w) {
        return SessionWindows.ofInactivityGapAndGrace(ms(w, "gap"), ms(w, "grace"));
    }

    private Object cogroup(final JsonNode c, final Named named) {
        final Aggregator add = (k, v, a) -> shorter(text(a) + text(v), 6);
        CogroupedKStream all = null;
        for (final JsonNode id : c.get("groups")) {
            final KGroupedStream group = (KGroupedStream) made.get(id.asInt());
            all = all == null ? group.cogroup(add) : all.cogroup(group, add);
        }
        final Initializer init = () -> "";
        final Merger merger = (k, a, b) -> last(text(a) + "|" + text(b), 6);
        final Materialized m = c.has("mat") ? materialized(c, "S", "S") : Materialized.with(S, S);
        if (!c.has("windows")) {
            return all.aggregate(init, named, m);
        }
        final JsonNode w = c.get("windows");
        switch (w.get("kind").asText()) {
            case "sliding": return all.windowedBy(sliding(w)).aggregate(init, named, m);
            case "session": return all.windowedBy(session(w)).aggregate(init, merger, named, m);
            default: return all.windowedBy(time(w)).aggregate(init, named, m);
        }
    }

    private Object tableAggregate(final JsonNode c, final Named named) {
        final KGroupedTable group = (KGroupedTable) made(c, "from");
        final String agg = c.get("agg").asText();
        final Materialized m = c.has("mat") ? materialized(c, "S", agg.equals("count") ? "L" : "S") : null;
        switch (agg) {
            case "count":
                return m == null ? group.count(named) : group.count(named, m);
            case "reduce":
                return group.reduce((a, v) -> last(text(a) + "+" + text(v), 8), (a, v) -> last(text(a) + "-" + text(v), 8), named,
                    m == null ? Materialized.with(S, S) : m);
            default:
                return group.aggregate(() -> "", (k, v, a) -> shorter(text(a) + "+" + text(v), 9),
                    (k, v, a) -> shorter(text(a) + "-" + text(v), 9), named, m == null ? Materialized.with(S, S) : m);
        }
    }

    private Object tableJoin(final JsonNode c, final Named named, final Materialized m) {
        final KTable other = (KTable) made(c, "other");
        final ValueJoiner joiner = DifferentialRunner::joined;
        switch (c.get("how").asText()) {
            case "inner":
                return m == null ? table(c).join(other, joiner, named) : table(c).join(other, joiner, named, m);
            case "left":
                return m == null ? table(c).leftJoin(other, joiner, named) : table(c).leftJoin(other, joiner, named, m);
            default:
                return m == null ? table(c).outerJoin(other, joiner, named) : table(c).outerJoin(other, joiner, named, m);
        }
    }

    private Object foreignKeyJoin(final JsonNode c, final Materialized m) {
        final KTable other = (KTable) made(c, "other");
        final ValueJoiner joiner = DifferentialRunner::joined;
        final java.util.function.Function key = v -> text(v).startsWith("n") ? null : first(v);
        final TableJoined joined = TableJoined.as(name(c));
        if (c.get("how").asText().equals("inner")) {
            return m == null ? table(c).join(other, key, joiner, joined) : table(c).join(other, key, joiner, joined, m);
        }
        return m == null ? table(c).leftJoin(other, key, joiner, joined) : table(c).leftJoin(other, key, joiner, joined, m);
    }

    private static Suppressed suppressed(final JsonNode c) {
        final Suppressed s;
        if (c.has("close")) {
            Suppressed.StrictBufferConfig strict = Suppressed.BufferConfig.unbounded();
            strict = c.has("logging") ? (Suppressed.StrictBufferConfig) strict.withLoggingDisabled() : strict;
            s = Suppressed.untilWindowCloses(strict);
        } else {
            final Suppressed.BufferConfig limit;
            if (c.has("maxRecords")) {
                final Suppressed.EagerBufferConfig eager = Suppressed.BufferConfig.maxRecords(c.get("maxRecords").asLong());
                limit = c.has("shutDown") ? eager.shutDownWhenFull() : eager.emitEarlyWhenFull();
            } else if (c.has("maxBytes")) {
                limit = Suppressed.BufferConfig.maxBytes(c.get("maxBytes").asLong()).emitEarlyWhenFull();
            } else {
                limit = Suppressed.BufferConfig.unbounded();
            }
            s = Suppressed.untilTimeLimit(ms(c, "limit"), c.has("logging") ? limit.withLoggingDisabled() : limit);
        }
        return c.has("name") ? s.withName(name(c)) : s;
    }

    // --- options -----------------------------------------------------------------------------------------------------

    private Object made(final JsonNode c, final String field) {
        return made.get(c.get(field).asInt());
    }

    private KStream<Object, Object> stream(final JsonNode c) {
        return (KStream<Object, Object>) made(c, "from");
    }

    private KTable<Object, Object> table(final JsonNode c) {
        return (KTable<Object, Object>) made(c, "from");
    }

    private static String name(final JsonNode c) {
        return c.has("name") ? c.get("name").asText() : null;
    }

    private static Named named(final JsonNode c) {
        return c.has("name") ? Named.as(name(c)) : NamedInternal.empty();
    }

    private static Consumed consumed(final JsonNode c) {
        return c.has("name") ? Consumed.with(S, S).withName(name(c)) : Consumed.with(S, S);
    }

    private static String type(final JsonNode c, final String field) {
        return c.has(field) ? c.get(field).asText() : "S";
    }

    /** S: text. L: a number. W: a key with a session. T10: a key with a time window of 10 ms. */
    private static Serde serde(final JsonNode c, final String field) {
        return serde(type(c, field));
    }

    private static Serde serde(final String type) {
        switch (type) {
            case "S": return S;
            case "L": return Serdes.Long();
            case "W": return new WindowedSerdes.SessionWindowedSerde<>(S);
            case "Tmax": return new WindowedSerdes.TimeWindowedSerde<>(S, Long.MAX_VALUE);
            default: return new WindowedSerdes.TimeWindowedSerde<>(S, Long.parseLong(type.substring(1)));
        }
    }

    private static Duration ms(final JsonNode c, final String field) {
        return Duration.ofMillis(c.get(field).asLong());
    }

    private static List<String> texts(final JsonNode list) {
        final List<String> all = new ArrayList<>();
        list.forEach(text -> all.add(text.asText()));
        return all;
    }

    private static String[] names(final JsonNode c) {
        return c.has("stores") ? texts(c.get("stores")).toArray(new String[0]) : new String[0];
    }

    private static Materialized materialized(final JsonNode c, final String key, final String value) {
        final JsonNode mat = c.get("mat");
        final String store = mat.has("store") ? mat.get("store").asText() : null;
        Materialized m = store == null ? Materialized.with(serde(key), serde(value))
            : mat.has("history") ? Materialized.as(Stores.persistentVersionedKeyValueStore(store, ms(mat, "history")))
            : Materialized.as(store);
        m = m.withKeySerde(serde(key)).withValueSerde(serde(value));
        if (mat.has("caching")) {
            m = mat.get("caching").asBoolean() ? m.withCachingEnabled() : m.withCachingDisabled();
        }
        if (mat.has("logging")) {
            m = m.withLoggingDisabled();
        }
        return mat.has("retention") ? m.withRetention(ms(mat, "retention")) : m;
    }

    // --- callbacks: the same as in callbacks.ts ----------------------------------------------------------------------

    private static final List<String> KEYS = Arrays.asList("", "a", "b", "c", "x", "y", "z", "1", "2");

    private static String text(final Object o) {
        if (o instanceof Windowed) {
            final Windowed<?> w = (Windowed<?>) o;
            return text(w.key()) + "@" + w.window().start();
        }
        return String.valueOf(o);
    }

    private static String orNull(final Object o) {
        return o == null ? null : text(o);
    }

    private static String first(final Object o) {
        return o == null ? null : text(o).isEmpty() ? "" : text(o).substring(0, 1);
    }

    private static boolean fits(final Object key, final Object value) {
        return value != null && text(value).length() % 2 == 0;
    }

    private static String last(final String s, final int length) {
        return s.length() > length ? s.substring(s.length() - length) : s;
    }

    private static String shorter(final String s, final int limit) {
        return s.length() > limit ? null : s;
    }

    private static String someToNull(final Object value) {
        return value == null ? "was" : text(value).startsWith("n") ? null : last(text(value) + "t", 6);
    }

    private static String joined(final Object one, final Object two) {
        return text(one).startsWith("y") ? null : last(text(one), 6) + "+" + last(text(two), 6);
    }

    private static List<KeyValue<Object, Object>> pairs(final Object key, final Object value) {
        return value == null ? new ArrayList<>()
            : Arrays.asList(KeyValue.pair(orNull(key), text(value)), KeyValue.pair(text(value), orNull(key)));
    }

    private static List<String> parts(final Object value) {
        return value == null ? new ArrayList<>() : Arrays.asList(text(value), last(text(value) + "f", 6));
    }

    private static final class ChosenTopic implements TopicNameExtractor<Object, Object> {
        @Override
        public String extract(final Object key, final Object value, final RecordContext context) {
            return "chosen" + text(value).length() % 2;
        }

        @Override
        public String toString() {
            return "chosen by length";
        }
    }

    private static String remember(final KeyValueStore<String, String> store, final Object key, final Object value) {
        if (key == null || store == null) {
            return last(text(value) + "p", 6);
        }
        final String before = store.get(text(key));
        final String now = value == null ? null : last((before == null ? "" : before) + text(value), 5);
        store.put(text(key), now);
        return now;
    }

    private static final class Remember extends ContextualProcessor<Object, Object, Object, Object> {
        private final JsonNode call;
        private KeyValueStore<String, String> store;

        private Remember(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            super.init(context);
            store = names(call).length == 0 ? null : context.getStateStore(names(call)[0]);
            if (call.has("punctuate")) {
                context.schedule(ms(call, "punctuate"), PunctuationType.STREAM_TIME,
                    t -> context.forward(new Record<>("s", "n" + t, t)));
                context.schedule(ms(call, "punctuate"), PunctuationType.WALL_CLOCK_TIME,
                    t -> context.forward(new Record<>("w", "" + t, t)));
            }
        }

        @Override
        public void process(final Record<Object, Object> r) {
            context().forward(r.withValue(remember(store, r.key(), r.value())));
        }
    }

    private static final class RememberValues extends ContextualFixedKeyProcessor<Object, Object, Object> {
        private final JsonNode call;

        private RememberValues(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void process(final FixedKeyRecord<Object, Object> r) {
            final KeyValueStore<String, String> store = names(call).length == 0 ? null : context().getStateStore(names(call)[0]);
            context().forward(r.withValue(remember(store, r.key(), r.value())));
        }
    }

    private static final class Transform implements ValueTransformerWithKey<Object, Object, Object> {
        private final JsonNode call;
        private KeyValueStore<String, String> store;

        private Transform(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext context) {
            store = names(call).length == 0 ? null : context.getStateStore(names(call)[0]);
        }

        @Override
        public Object transform(final Object key, final Object value) {
            final String now = remember(store, key, value);
            return value == null ? null : now;
        }

        @Override
        public void close() {
        }
    }
}
