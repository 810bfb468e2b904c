import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.WindowStore;

/** Branches, global tables and stores. */
public class SplitGlobalScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final Produced<String, String> OUT = Produced.with(S, S);
    private static final String CONTINUE = "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler";
    private static final String CONTINUE_PROCESSING = "org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler";

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private static boolean starts(final String v, final String prefix) {
        return v != null && v.startsWith(prefix);
    }

    private static void toTopics(final String prefix, final Map<String, KStream<String, String>> branches) {
        new TreeMap<>(branches).forEach((name, s) -> s.to(prefix + name, OUT));
    }

    /** Values of "in" that begin with a, b, c, or none of them, and nulls. */
    private static Recorder.Scenario letters(final Recorder.Scenario s) {
        return s.in("in", "k", "a1", 10, "h", "1").in("in", "k", "b1", 5).in("in", null, "a2", 11).in("in", "k", null, 12)
            .in("in", "m", "c1", 12).in("in", "k", "x", 3).in("in", null, null, 13).in("in", "k", "ab", 13)
            .metric("dropped-records-total");
    }

    /** A stream S and a table G, whose keys are values of S. */
    private static Recorder.Scenario lookups(final Recorder.Scenario s) {
        return s.in("S", "k", "a", 1).in("G", "a", "A", 2).in("S", "k", "a", 3, "h", "1").in("S", null, "a", 4).in("S", "k", null, 5)
            .in("S", null, null, 6).in("S", "k", "nul", 7).in("G", "a", "A2", 1).in("S", "k", "a", 8).in("G", null, "N", 9)
            .in("G", "b", "B", 9).in("S", "m", "b", 2).in("G", "a", null, 10).in("S", "k", "a", 11).in("S", "k", "unknown", 11)
            .in("G", "a", "A3", 3).in("S", "k", "a", 4).in("G", null, null, 12).metric("dropped-records-total");
    }

    /** "nul" names no row. */
    private static String row(final String v) {
        return "nul".equals(v) ? null : v;
    }

    private static StoreBuilder<KeyValueStore<String, String>> keyValue(final String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S).withLoggingDisabled();
    }

    /** Keeps the records of its topic under their keys, with what the function makes of them. */
    static final class Keep extends ContextualProcessor<String, String, Void, Void> {
        private final String name;
        private final Function<Record<String, String>, String> value;

        Keep(final String name, final Function<Record<String, String>, String> value) {
            this.name = name;
            this.value = value;
        }

        @Override
        public void process(final Record<String, String> r) {
            final KeyValueStore<String, String> s = context().getStateStore(name);
            s.put(r.key() == null ? "none" : r.key(), value.apply(r));
        }
    }

    /** Keeps where each record came from. */
    static final class KeepPlace extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(final Record<String, String> r) {
            final KeyValueStore<String, String> s = context().getStateStore("places");
            final RecordMetadata m = context().recordMetadata().get();
            s.put(String.valueOf(r.key()), m.topic() + "-" + m.partition() + "@" + m.offset() + "/" + r.timestamp()
                + "/" + r.headers().toArray().length + "/" + context().taskId());
        }
    }

    /** Counts the records of each key, and reads the other store for it. */
    static final class Count extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(final Record<String, String> r) {
            final KeyValueStore<String, Long> s = context().getStateStore("counts");
            final ReadOnlyKeyValueStore<String, String> other = context().getStateStore("one");
            final Long before = s.get(r.key());
            s.put(r.key(), (before == null ? 0 : before) + (other.get(r.key()) == null ? 1 : 100));
        }
    }

    /** Keeps the records of its topic in windows that begin at their time. */
    static final class KeepWindow extends ContextualProcessor<String, String, Void, Void> {
        @Override
        public void process(final Record<String, String> r) {
            final WindowStore<String, String> s = context().getStateStore("gw");
            s.put(r.key(), r.value(), r.timestamp());
        }
    }

    /** The value, and what a global store has under it. */
    static final class Lookup extends ContextualProcessor<String, String, String, String> {
        private final String name;

        Lookup(final String name) {
            this.name = name;
        }

        @Override
        public void process(final Record<String, String> r) {
            final ReadOnlyKeyValueStore<String, Object> s = context().getStateStore(name);
            final Object found = s.get(r.value());
            final Object plain = found instanceof ValueAndTimestamp
                ? ((ValueAndTimestamp<?>) found).value() + "@" + ((ValueAndTimestamp<?>) found).timestamp() : found;
            context().forward(r.withValue(r.value() + "=" + plain));
        }
    }

    static final class LookupValue extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(final FixedKeyRecord<String, String> r) {
            final ReadOnlyKeyValueStore<String, ValueAndTimestamp<String>> s = context().getStateStore("g");
            final ValueAndTimestamp<String> found = s.get(r.value());
            context().forward(r.withValue(found == null ? "none" : found.value()));
        }
    }

    static final class WriteGlobal extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> r) {
            final KeyValueStore<String, String> s = context().getStateStore("gs");
            context().forward(r.withValue("before"));
            s.put(r.key(), r.value());
        }
    }

    @Override
    public void define(final Recorder r) {
        split(r);
        splitMore(r);
        joins(r);
        tables(r);
        stores(r);
        errors(r);
    }

    private static void split(final Recorder r) {
        letters(r.scenario("split: unnamed").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split()
            .branch((k, v) -> starts(v, "a")).branch((k, v) -> starts(v, "b")).defaultBranch())));

        letters(r.scenario("split: no default, all unnamed").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split()
            .branch((k, v) -> starts(v, "a")).branch((k, v) -> starts(v, "b")).branch((k, v) -> v == null).noDefaultBranch())));

        letters(r.scenario("split: predicates that overlap").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split(Named.as("s-"))
            .branch((k, v) -> starts(v, "a"), Branched.as("first")).branch((k, v) -> v != null && v.length() == 2, Branched.as("two"))
            .branch((k, v) -> true, Branched.as("all")).defaultBranch(Branched.as("never")))));

        letters(r.scenario("split: by null key and null value").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split(Named.as("s-"))
            .branch((k, v) -> k == null, Branched.as("no-key")).branch((k, v) -> v == null, Branched.as("no-value"))
            .defaultBranch(Branched.as("rest")))));

        letters(r.scenario("split: default branch only, unnamed").dsl(b ->
            toTopics("o-", b.stream("in", STRINGS).split().defaultBranch())));

        letters(r.scenario("split: no branch at all").dsl(b ->
            toTopics("o-", b.stream("in", STRINGS).split(Named.as("nothing")).noDefaultBranch())));

        letters(r.scenario("split: consumers and a default consumer").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).split(Named.as("s-"))
                .branch((k, v) -> starts(v, "a"), Branched.withConsumer(s -> {
                    s.to("a1");
                    s.mapValues(v -> v + "!").to("a2", OUT);
                }))
                .branch((k, v) -> starts(v, "b"), Branched.<String, String>withConsumer(s -> { }).withName("lost"))
                .defaultBranch(Branched.withConsumer(s -> s.to("rest"), "rest"));
            toTopics("o-", m);
        }));

        letters(r.scenario("split: functions and a default function").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).split()
                .branch((k, v) -> starts(v, "a"), Branched.withFunction(s -> s.mapValues(v -> v + "!").filter((k, v) -> k != null)))
                .branch((k, v) -> starts(v, "b"), Branched.withFunction(s -> s, "same"))
                .branch((k, v) -> starts(v, "c"), Branched.withFunction(s -> null))
                .defaultBranch(Branched.withFunction(s -> s.selectKey((k, v) -> v), "keyed"));
            toTopics("o-", m);
        }));

        letters(r.scenario("split: a branch is split again").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).split(Named.as("one-"))
                .branch((k, v) -> v != null, Branched.as("value")).defaultBranch(Branched.as("null"));
            toTopics("o-", m.get("one-value").split(Named.as("two-")).branch((k, v) -> k == null, Branched.as("no-key"))
                .defaultBranch());
            toTopics("p-", m.get("one-value").split().branch((k, v) -> starts(v, "a")).noDefaultBranch());
            m.get("one-null").to("null", OUT);
        }));

        letters(r.scenario("split: split inside of a function").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split(Named.as("s-"))
            .branch((k, v) -> v != null, Branched.withFunction(s -> s.split().branch((k, v) -> starts(v, "a")).defaultBranch()
                .values().stream().reduce((x, y) -> x.merge(y)).get(), "inner"))
            .defaultBranch(Branched.as("outer")))));
    }

    private static void splitMore(final Recorder r) {
        letters(r.scenario("split: branches merged again").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).split(Named.as("s-"))
                .branch((k, v) -> starts(v, "a"), Branched.as("a")).defaultBranch(Branched.as("d"));
            m.get("s-a").mapValues(v -> v + "!").merge(m.get("s-d")).to("out", OUT);
        }));

        letters(r.scenario("split: the same stream twice").dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            toTopics("o-", in.split().branch((k, v) -> starts(v, "a")).defaultBranch());
            toTopics("p-", in.split().branch((k, v) -> starts(v, "b")).defaultBranch());
        }));

        letters(r.scenario("split: after a new key, branches are counted").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).selectKey((k, v) -> v).split(Named.as("s-"))
                .branch((k, v) -> starts(v, "a"), Branched.as("a")).defaultBranch(Branched.as("d"));
            m.get("s-a").groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("counts", Produced.with(S, Serdes.Long()));
            m.get("s-d").groupByKey(Grouped.with("again", S, S)).reduce((a, v) -> a + v).toStream().to("reduced", OUT);
        })).query("n", "all");

        letters(r.scenario("split: branches as tables, joined").dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).split(Named.as("s-"))
                .branch((k, v) -> starts(v, "a"), Branched.as("a")).branch((k, v) -> starts(v, "b"), Branched.as("b")).noDefaultBranch();
            m.get("s-a").toTable(Materialized.as("ta")).toStream().to("ta-out", OUT);
            m.get("s-b").toTable().toStream().to("tb-out", OUT);
        })).query("ta", "all");

        letters(r.scenario("split: an explicit name uses up an index").dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            toTopics("o-", in.split(Named.as("s-")).branch((k, v) -> starts(v, "a"), Branched.as("a")).branch((k, v) -> starts(v, "b"))
                .defaultBranch());
            in.mapValues(v -> v + "!").filter((k, v) -> k != null).to("mapped", OUT);
            toTopics("p-", in.split().branch((k, v) -> starts(v, "c"), Branched.as("-c")).noDefaultBranch());
        }));

        letters(r.scenario("split: branch names that no topic could have").dsl(b -> toTopics("o-", b.stream("in", STRINGS)
            .split(Named.as("s-")).branch((k, v) -> starts(v, "a"), Branched.withFunction(s -> s.peek((k, v) -> { }), "a b"))
            .branch((k, v) -> starts(v, "b"), Branched.withConsumer(s -> s.to("b"), "&/"))
            .defaultBranch(Branched.withConsumer(s -> s.to("d"), "ä")))
        ));

        r.scenario("split: a predicate throws").dsl(b -> toTopics("o-", b.stream("in", STRINGS).split()
            .branch((k, v) -> v.startsWith("a")).defaultBranch())).in("in", "k", "a", 1).in("in", "k", null, 2).in("in", "k", "b", 3);

        r.scenario("split: a predicate throws, handler CONTINUE").config("processing.exception.handler", CONTINUE_PROCESSING)
            .dsl(b -> toTopics("o-", b.stream("in", STRINGS).split().branch((k, v) -> v.startsWith("a")).defaultBranch()))
            .in("in", "k", "a", 1).in("in", "k", null, 2).in("in", "k", "b", 3).metric("dropped-records-total");

        r.scenario("split: branches counted, cache on").config("statestore.cache.max.bytes", 10_000_000).dsl(b -> {
            final Map<String, KStream<String, String>> m = b.stream("in", STRINGS).flatMapValues(v -> java.util.Arrays.asList(v.split(" ")))
                .split(Named.as("s-")).branch((k, v) -> starts(v, "a"), Branched.as("a")).defaultBranch(Branched.as("d"));
            m.get("s-a").groupByKey().count(Materialized.as("n")).toStream().to("counts", Produced.with(S, Serdes.Long()));
            m.get("s-d").groupByKey().count(Materialized.as("m")).toStream().to("others", Produced.with(S, Serdes.Long()));
        }).in("in", "k", "a a b a", 5).in("in", "k", "b c", 3).in("in", "m", "a", 4).query("n", "all").query("m", "all");

        r.scenario("error: two branches of one name").dsl(b -> b.stream("in", STRINGS).split(Named.as("s-"))
            .branch((k, v) -> true, Branched.as("x")).branch((k, v) -> true, Branched.as("x")).noDefaultBranch());

        r.scenario("error: a split and a stream of one name").dsl(b -> {
            b.stream("in", STRINGS).filter((k, v) -> true, Named.as("s")).split(Named.as("s")).defaultBranch();
        });

        r.scenario("error: split with a name that is not allowed").dsl(b -> b.stream("in", STRINGS).split(Named.as("a b")).defaultBranch());
    }

    private static void joins(final Recorder r) {
        lookups(r.scenario("global join: inner").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", STRINGS, Materialized.as("g")), (k, v) -> row(v), PAIR).to("out", OUT)))
            .query("g", "all").query("g", "get", "b").query("g", "get", "none");

        lookups(r.scenario("global join: left").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS, Materialized.as("g")), (k, v) -> row(v), PAIR).to("out", OUT)))
            .query("g", "range", "a", "b").query("g", "count");

        lookups(r.scenario("global join: inner, named, joiner with key").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", STRINGS), (k, v) -> row(v), (k, v, g) -> k + ":" + v + ":" + g, Named.as("jn"))
                .to("out", OUT)));

        lookups(r.scenario("global join: left, named, joiner with key").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS), (k, v) -> row(v), (k, v, g) -> k + ":" + v + ":" + g, Named.as("jn"))
                .to("out", OUT)));

        lookups(r.scenario("global join: inner by the stream's key").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", STRINGS), (k, v) -> k, PAIR).to("out", OUT)))
            .in("G", "k", "K", 20).in("S", "k", "x", 1).in("S", null, "x", 2);

        lookups(r.scenario("global join: left by the stream's key").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS), (k, v) -> k, PAIR).to("out", OUT)))
            .in("G", "k", "K", 20).in("S", "k", "x", 1).in("S", null, "x", 2);

        lookups(r.scenario("global join: joiner returns null").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS), (k, v) -> row(v), (v, g) -> g).to("out", OUT)));

        lookups(r.scenario("global join: of two tables, one after the other").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", STRINGS), (k, v) -> row(v), PAIR)
                .leftJoin(b.globalTable("H", STRINGS), (k, v) -> k, PAIR).to("out", OUT)))
            .in("H", "k", "h", 1).in("S", "k", "b", 2).in("S", null, "b", 2);

        lookups(r.scenario("global join: two streams with one table").dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("G", STRINGS, Materialized.as("g"));
            b.stream("S", STRINGS).join(g, (k, v) -> row(v), PAIR).to("out", OUT);
            b.stream("T", STRINGS).leftJoin(g, (k, v) -> row(v), PAIR).to("out2", OUT);
        })).in("T", "k", "b", 1).in("T", "k", "z", 2).in("T", null, "nul", 3);

        lookups(r.scenario("global join: left twice from one stream").dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("G", STRINGS);
            final KStream<String, String> s = b.stream("S", STRINGS);
            s.join(g, (k, v) -> row(v), PAIR).to("inner", OUT);
            s.leftJoin(g, (k, v) -> row(v), PAIR).to("left", OUT);
        }));

        lookups(r.scenario("global join: after a new key, then counted").dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> v).leftJoin(b.globalTable("G", STRINGS), (k, v) -> row(v), PAIR)
                .groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("out", Produced.with(S, Serdes.Long()))))
            .query("n", "all");

        lookups(r.scenario("global join: the key stays, so it is counted in place").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", STRINGS), (k, v) -> row(v), PAIR)
                .groupByKey(Grouped.with(S, S)).count().toStream().to("out", Produced.with(S, Serdes.Long()))));

        lookups(r.scenario("global join: left after a repartition keeps null keys").dsl(b ->
            b.stream("S", STRINGS).repartition(Repartitioned.as("rp")).leftJoin(b.globalTable("G", STRINGS), (k, v) -> row(v), PAIR)
                .to("out", OUT)));

        lookups(r.scenario("global join: inner after a repartition drops null keys").dsl(b ->
            b.stream("S", STRINGS).repartition(Repartitioned.as("rp")).join(b.globalTable("G", STRINGS), (k, v) -> row(v), PAIR)
                .to("out", OUT)));

        lookups(r.scenario("global join: cache on").config("statestore.cache.max.bytes", 10_000_000).dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS, Materialized.as("g")), (k, v) -> row(v), PAIR).to("out", OUT)))
            .query("g", "all");

        lookups(r.scenario("global join: optimised").config("topology.optimization", "all").dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("G", STRINGS, Materialized.as("g"));
            b.table("T", STRINGS, Materialized.as("t")).toStream().join(g, (k, v) -> v, PAIR).to("table-out", OUT);
            b.stream("S", STRINGS).join(g, (k, v) -> row(v), PAIR).to("out", OUT);
        })).in("T", "k", "b", 1).in("T", "k", null, 2);

        r.scenario("global join: the function of the key throws").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS), (k, v) -> v.substring(1), PAIR).to("out", OUT))
            .in("G", "a", "A", 1).in("S", "k", "xa", 2).in("S", "k", null, 3).in("S", "k", "xa", 4);

        r.scenario("global join: the joiner throws, handler CONTINUE").config("processing.exception.handler", CONTINUE_PROCESSING)
            .dsl(b -> b.stream("S", STRINGS).<String, String, String>leftJoin(b.globalTable("G", STRINGS), (k, v) -> v,
                (v, g) -> v + g.length()).to("out", OUT))
            .in("G", "a", "A", 1).in("S", "k", "a", 2).in("S", "k", "b", 3).in("S", "k", "a", 4).metric("dropped-records-total");

        r.scenario("global join: values of another type").dsl(b ->
            b.stream("S", STRINGS).join(b.globalTable("G", Consumed.with(S, Serdes.Long()), Materialized.as("g")), (k, v) -> v,
                (v, g) -> v + (g + 1)).to("out", OUT))
            .in("G", "a", 41L, 1).in("S", "k", "a", 2).in("G", "a", -1L, 1).in("S", "k", "a", 2).query("g", "all");

        r.scenario("global join: a branch joins, another writes the table's topic").dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("G", STRINGS, Materialized.as("g"));
            b.stream("S", STRINGS).split(Named.as("s-")).branch((k, v) -> starts(v, "set:"), Branched.withConsumer(s ->
                    s.mapValues(v -> v.substring(4)).to("G", OUT)))
                .branch((k, v) -> v == null, Branched.withConsumer(s -> s.to("G", OUT)))
                .defaultBranch(Branched.withConsumer(s -> s.leftJoin(g, (k, v) -> v, PAIR).to("out", OUT)));
        }).in("S", "a", "set:1", 1).in("S", "k", "a", 2).in("G", "a", "2", 3).in("S", "k", "a", 4).in("S", "a", null, 5)
            .in("S", "k", "a", 6).in("S", null, "set:x", 7).query("g", "all").metric("dropped-records-total");

        r.scenario("global join: a record writes the table that it joins").dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("G", STRINGS);
            final KStream<String, String> s = b.stream("S", STRINGS);
            s.to("G", OUT);
            s.leftJoin(g, (k, v) -> k, PAIR).to("out", OUT);
            s.flatMapValues(v -> java.util.Arrays.asList(v.split(" "))).to("W", OUT);
            b.stream("W", STRINGS).leftJoin(g, (k, v) -> k, PAIR).to("out2", OUT);
        }).in("S", "a", "1 2", 1).in("S", "a", "3", 2).in("S", "b", "4 5", 0);
    }

    private static void tables(final Recorder r) {
        lookups(r.scenario("global table: unnamed store").dsl(b -> {
            b.stream("S", STRINGS).to("out", OUT);
            b.globalTable("G", STRINGS);
        })).query("G-STATE-STORE-0000000002", "all").query("G-STATE-STORE-0000000002", "reverseAll");

        lookups(r.scenario("global table: named").dsl(b -> {
            b.stream("S", STRINGS).to("out", OUT);
            b.globalTable("G", STRINGS.withName("tab"), Materialized.as("g"));
            b.stream("T", STRINGS).mapValues(v -> v).to("out2", OUT);
        })).query("g", "all");

        r.scenario("global table: alone").dsl(b -> b.globalTable("G", STRINGS, Materialized.as("g")))
            .in("G", "b", "1", 5).in("G", "a", "2", 3).in("G", "b", "3", 1).in("G", "a", null, 9).in("G", "a", "4", 9)
            .in("G", "b", "5", 1).in("G", null, "x", 2).query("g", "all").query("g", "reverseAll").query("g", "get", "a")
            .query("g", "count").metric("dropped-records-total");

        r.scenario("global table: between sub-topologies").dsl(b -> {
            b.stream("A", STRINGS).groupBy((k, v) -> v, Grouped.with(S, S)).count().toStream().to("a-out", Produced.with(S, Serdes.Long()));
            b.globalTable("G", STRINGS, Materialized.as("g"));
            b.stream("B", STRINGS).to("b-out", OUT);
            b.globalTable("H", STRINGS);
            b.table("C", STRINGS, Materialized.as("c")).toStream().to("c-out", OUT);
        }).in("A", "k", "x", 1).in("G", "g", "1", 2).in("B", "k", "b", 3).in("H", "h", "1", 4).in("C", "k", "c", 5)
            .query("g", "all").query("c", "all");

        r.scenario("global table: a timestamp extractor has no effect").dsl(b -> b.globalTable("G",
                Consumed.with(S, S).withTimestampExtractor((rec, t) -> 777), Materialized.as("g")))
            .in("G", "a", "1", 5).in("G", "a", "2", 4).query("g", "all");

        r.scenario("global table: of a store supplier").dsl(b -> b.globalTable("G", STRINGS,
                Materialized.<String, String>as(Stores.inMemoryKeyValueStore("sup")).withCachingDisabled()))
            .in("G", "a", "1", 5).in("G", "b", "2", 4).query("sup", "all");

        r.scenario("global table: a value that cannot be read").dsl(b ->
            b.globalTable("G", Consumed.with(S, Serdes.Long()), Materialized.as("g")))
            .in("G", "a", 1L, 5).in("G", "a", "no number", 6).in("G", "a", 2L, 7);

        r.scenario("global table: a value that cannot be read, handler CONTINUE")
            .config("deserialization.exception.handler", CONTINUE).dsl(b ->
                b.globalTable("G", Consumed.with(S, Serdes.Long()), Materialized.as("g")))
            .in("G", "a", 1L, 5).in("G", "a", "no number", 6).in("G", "a", 2L, 7).in("G", null, 3L, 8).query("g", "all")
            .metric("dropped-records-total");

        r.scenario("global table: read by processors").dsl(b -> {
            b.globalTable("G", STRINGS, Materialized.as("g"));
            b.stream("S", STRINGS).process(() -> new Lookup("g")).to("out", OUT);
            b.stream("T", STRINGS).processValues(LookupValue::new).to("out2", OUT);
        }).in("S", "k", "a", 1).in("G", "a", "1", 2).in("S", "k", "a", 3).in("T", "k", "a", 4).in("G", "a", "2", 1)
            .in("S", "k", "a", 5).in("T", "k", "b", 6).in("G", "a", null, 7).in("S", "k", "a", 8);

        r.scenario("global table: names are explicit").config("ensure.explicit.internal.resource.naming", true).topologyConfig()
            .dsl(b -> b.stream("S", STRINGS).leftJoin(b.globalTable("G", STRINGS, Materialized.as("g")), (k, v) -> v, PAIR).to("out", OUT))
            .in("G", "a", "1", 1).in("S", "k", "a", 2);
    }

    private static void stores(final Recorder r) {
        r.scenario("global store: where its records come from").dsl(b -> {
            b.stream("S", STRINGS).to("out", OUT);
            b.addGlobalStore(keyValue("places"), "G", STRINGS, KeepPlace::new);
        }).in("G", "a", "1", 7, "h", "1", "i", "2").in("G", "b", "2", 3).in("G", null, "3", 4).in("G", "a", null, 5)
            .query("places", "all").metric("dropped-records-total");

        r.scenario("global store: named").dsl(b -> {
            b.addGlobalStore(keyValue("gs"), "G", STRINGS.withName("keep"), () -> new Keep("gs", Record::value));
            b.stream("S", STRINGS).process(() -> new Lookup("gs"), Named.as("look")).to("out", OUT);
        }).in("G", "a", "1", 1).in("S", "k", "a", 2).in("G", "a", null, 3).in("S", "k", "a", 4).in("G", null, "x", 5).query("gs", "all");

        r.scenario("global store: timestamped").dsl(b -> {
            b.addGlobalStore(Stores.timestampedKeyValueStoreBuilder(Stores.inMemoryKeyValueStore("ts"), S, S).withLoggingDisabled(), "G",
                STRINGS, () -> new ContextualProcessor<String, String, Void, Void>() {
                    @Override
                    public void process(final Record<String, String> rec) {
                        final TimestampedKeyValueStore<String, String> s = context().getStateStore("ts");
                        s.put(rec.key(), ValueAndTimestamp.make(rec.value(), rec.timestamp() + 100));
                    }
                });
            b.stream("S", STRINGS).process(() -> new Lookup("ts")).to("out", OUT);
        }).in("G", "a", "1", 1).in("S", "k", "a", 2).in("G", "b", "2", 0).query("ts", "all").in("G", "a", null, 3).in("S", "k", "a", 4)
            .query("ts", "all");

        r.scenario("global store: two, and one reads the other").dsl(b -> {
            b.addGlobalStore(keyValue("one"), "G", STRINGS, () -> new Keep("one", Record::value));
            b.addGlobalStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("counts"), S, Serdes.Long()).withLoggingDisabled(),
                "H", STRINGS, Count::new);
            b.stream("S", STRINGS).process(() -> new Lookup("counts")).to("out", OUT);
        }).in("H", "a", "x", 1).in("S", "k", "a", 2).in("G", "a", "1", 3).in("H", "a", "x", 4).in("S", "k", "a", 5).query("counts", "all");

        r.scenario("global store: windows").dsl(b -> {
            b.addGlobalStore(Stores.windowStoreBuilder(Stores.inMemoryWindowStore("gw", ms(1000), ms(10), false), S, S).withLoggingDisabled(),
                "G", STRINGS, KeepWindow::new);
            b.stream("S", STRINGS).to("out", OUT);
        }).in("G", "a", "1", 10).in("G", "b", "2", 20).in("G", "a", "3", 15).in("G", "a", null, 10).query("gw", "all");

        r.scenario("global store: read by two sub-topologies").dsl(b -> {
            b.addGlobalStore(keyValue("gs"), "G", STRINGS, () -> new Keep("gs", rec -> rec.value() + "/" + rec.timestamp()));
            b.stream("S", STRINGS).process(() -> new Lookup("gs")).to("mid", OUT);
            b.stream("mid", STRINGS).process(() -> new Lookup("gs")).to("out", OUT);
        }).in("G", "a", "1", 1).in("G", "a=1/1", "2", 5).in("S", "k", "a", 2);

        r.scenario("global store: in the Processor API").topology(() -> new Topology()
            .addSource("s", S.deserializer(), S.deserializer(), "S")
            .addGlobalStore(keyValue("gs"), "gsrc", S.deserializer(), S.deserializer(), "G", "gproc",
                (ProcessorSupplier<String, String, Void, Void>) () -> new Keep("gs", Record::value))
            .addProcessor("p", (ProcessorSupplier<String, String, String, String>) () -> new Lookup("gs"), "s")
            .addSink("k", "out", S.serializer(), S.serializer(), "p"))
            .in("S", "k", "a", 1).in("G", "a", "1", 2).in("S", "k", "a", 3).query("gs", "all");

        r.scenario("global store: its processor throws").dsl(b -> {
            b.addGlobalStore(keyValue("gs"), "G", STRINGS, () -> new Keep("gs", rec -> rec.value().toUpperCase()));
            b.stream("S", STRINGS).to("out", OUT);
        }).in("G", "a", "x", 1).in("G", "a", null, 2).in("S", "k", "a", 3);

        r.scenario("global store: its processor throws, handler CONTINUE does not count")
            .config("processing.exception.handler", CONTINUE_PROCESSING).dsl(b -> {
                b.addGlobalStore(keyValue("gs"), "G", STRINGS, () -> new Keep("gs", rec -> rec.value().toUpperCase()));
                b.stream("S", STRINGS).to("out", OUT);
            }).in("G", "a", "x", 1).in("G", "a", null, 2).in("S", "k", "a", 3);

        r.scenario("global store: another processor writes to it").dsl(b -> {
            b.addGlobalStore(keyValue("gs"), "G", STRINGS, () -> new Keep("gs", Record::value));
            b.stream("S", STRINGS).process(WriteGlobal::new).to("out", OUT);
        }).in("S", "k", "a", 1);
    }

    private static void errors(final Recorder r) {
        r.scenario("error: a stream reads the topic of a global table").dsl(b -> {
            b.globalTable("G", STRINGS);
            b.stream("G", STRINGS).to("out", OUT);
        });
        r.scenario("error: a pattern matches the topic of a global table").dsl(b -> {
            b.stream(java.util.regex.Pattern.compile("G.*"), STRINGS).to("out", OUT);
            b.globalTable("G1", STRINGS);
        });
        r.scenario("error: two global tables of one topic").dsl(b -> {
            b.globalTable("G", STRINGS);
            b.globalTable("G", STRINGS);
        });
        r.scenario("error: two global tables with one store").dsl(b -> {
            b.globalTable("G", STRINGS, Materialized.as("g"));
            b.globalTable("H", STRINGS, Materialized.as("g"));
        });
        r.scenario("error: a global table with the store of a table").dsl(b -> {
            b.table("T", STRINGS, Materialized.as("g")).toStream().to("out", OUT);
            b.globalTable("G", STRINGS, Materialized.as("g"));
        });
        r.scenario("error: a global table that is versioned").dsl(b -> b.globalTable("G", STRINGS,
            Materialized.as(Stores.persistentVersionedKeyValueStore("v", ms(1000)))));
        r.scenario("error: a processor is connected to a global store").dsl(b -> {
            b.globalTable("G", STRINGS, Materialized.as("g"));
            b.stream("S", STRINGS).process(() -> new Lookup("g"), "g").to("out", OUT);
        });
        r.scenario("error: explicit names required, an unnamed global table").config("ensure.explicit.internal.resource.naming", true)
            .topologyConfig().dsl(b -> b.stream("S", STRINGS).join(b.globalTable("G", STRINGS), (k, v) -> v, PAIR).to("out", OUT));
    }
}
