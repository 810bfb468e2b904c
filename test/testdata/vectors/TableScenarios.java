import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Tables: joins, groupings, transformations, filters and mappings, in all forms and orders. */
public class TableScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final String CACHE = "statestore.cache.max.bytes";
    private static final String[] KINDS = {"inner", "left", "outer"};

    /** "[left,right]", and nothing where the left side says so. */
    private static final ValueJoiner<String, String, String> PICKY = (l, r) -> l != null && l.endsWith("!") ? null : "[" + l + "," + r + "]";

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> as(final String store) {
        return Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(store).withKeySerde(S).withValueSerde(S);
    }

    private static KTable<String, String> join(final String kind, final KTable<String, String> l, final KTable<String, String> r) {
        return kind.equals("inner") ? l.join(r, PICKY) : kind.equals("left") ? l.leftJoin(r, PICKY) : l.outerJoin(r, PICKY);
    }

    private static KTable<String, String> join(final String kind, final KTable<String, String> l, final KTable<String, String> r,
                                               final String name) {
        final Named named = Named.as(name);
        return kind.equals("inner") ? l.join(r, PICKY, named) : kind.equals("left") ? l.leftJoin(r, PICKY, named) : l.outerJoin(r, PICKY, named);
    }

    private static KTable<String, String> join(final String kind, final KTable<String, String> l, final KTable<String, String> r,
                                               final Materialized<String, String, KeyValueStore<Bytes, byte[]>> m) {
        return kind.equals("inner") ? l.join(r, PICKY, m) : kind.equals("left") ? l.leftJoin(r, PICKY, m) : l.outerJoin(r, PICKY, m);
    }

    /** Both sides: out-of-order, equal timestamps, tombstones of what is there and of what is not, null keys, headers. */
    private static Recorder.Scenario twoTables(final Recorder.Scenario s) {
        return s.in("L", "a", "x1", 10).in("R", "a", "r1", 5).in("L", "a", "y2", 3).in("R", "b", "r2", 20).in("L", "b", "x3", 20)
            .in("R", "a", null, 4).in("L", "a", "x4", 2).in("R", "a", null, 6).in("R", "a", "r5", 7).in("L", "a", "z!", 8)
            .in("R", "a", "r6", 9).in("L", "a", null, 1).in("L", "a", null, 30).in("R", "a", "r7", 8).in("L", null, "n", 31)
            .in("R", null, "n", 31).in("L", "c", "x8", 40, "h", "1").in("R", "c", "r8", 40, "h", "2").in("L", "c", "x8", 40)
            .in("R", "c", "r8", 41).in("L", "b", "y9", 50).in("L", "b", null, 12).in("R", "b", null, 13).in("R", "b", null, 14)
            .in("L", "d", null, 15).in("R", "d", null, 16).metric("dropped-records-total");
    }

    /** One table: groups are left and entered, unchanged rows, rows in no group, out-of-order, tombstones. */
    private static Recorder.Scenario oneTable(final Recorder.Scenario s) {
        return s.in("in", "a", "x1", 10).in("in", "b", "x2", 5).in("in", "a", "y1", 20).in("in", "a", "-", 30).in("in", "a", "x3", 15)
            .in("in", "b", "x2", 40).in("in", "c", "x9", 3, "h", "1").in("in", "c", "x8", 2).in("in", "b", null, 50).in("in", "b", null, 51)
            .in("in", "c", "y8", 1).in("in", null, "n", 60).in("in", "a", "y2", 20).in("in", "a", null, 7).in("in", "c", null, 8)
            .in("in", "e", "-", 70).in("in", "e", null, 71).metric("dropped-records-total");
    }

    /** Several updates within one record, so that a cache has something to merge. */
    private static KTable<String, String> bursts(final StreamsBuilder b, final String topic) {
        return b.stream(topic, STRINGS).flatMapValues(TableScenarios::words).toTable(as(topic + "-bursts"));
    }

    /** "-" is a tombstone. */
    private static List<String> words(final String v) {
        final List<String> words = new ArrayList<>();
        for (final String word : v.split(" ")) {
            words.add(word.equals("null") ? null : word);
        }
        return words;
    }

    private static Recorder.Scenario burstInput(final Recorder.Scenario s) {
        return s.in("L", "a", "x1 x2 y3", 10).in("R", "a", "r1 null r2", 5).in("L", "a", "null", 20).in("L", "b", "x1 null", 21)
            .in("R", "b", "null", 22).in("R", "b", "r1", 23).in("L", "b", "y1 null x2", 3).in("L", "b", "x2 x2", 30).in("R", "a", "null null", 31)
            .in("L", "a", "y1", 4).in("R", "b", "r5 null", 40);
    }

    private static KeyValue<String, String> byLetter(final String k, final String v) {
        return KeyValue.pair(v.startsWith("-") ? null : v.substring(0, 1), v);
    }

    private static KTable<String, String> sums(final KTable<String, String> t) {
        return t.groupBy(TableScenarios::byLetter, Grouped.with(S, S))
            .aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Materialized.with(S, S));
    }

    private static final class Suffix implements ValueTransformerWithKey<String, String, String> {
        private org.apache.kafka.streams.processor.ProcessorContext context;

        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext c) {
            context = c;
        }

        @Override
        public String transform(final String k, final String v) {
            return v == null ? null : v + "@" + context.timestamp() + "/" + context.topic() + "/" + context.offset() + "/" + context.headers().toArray().length;
        }

        @Override
        public void close() {
        }
    }

    /** Makes something of nothing. */
    private static final class Always implements ValueTransformerWithKey<String, String, String> {
        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext c) {
        }

        @Override
        public String transform(final String k, final String v) {
            return "(" + v + ")";
        }

        @Override
        public void close() {
        }
    }

    /** How many times a key was seen, in a store. */
    private static final class Numbered implements ValueTransformerWithKey<String, String, String> {
        private KeyValueStore<String, String> seen;

        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext c) {
            seen = c.getStateStore("seen");
        }

        @Override
        public String transform(final String k, final String v) {
            final String before = seen.get(k);
            seen.put(k, before == null ? "1" : before + "1");
            return v == null ? null : v + "#" + seen.get(k).length();
        }

        @Override
        public void close() {
        }
    }

    private static void addSeen(final StreamsBuilder b) {
        b.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("seen"), S, S));
    }

    @Override
    public void define(final Recorder r) {
        joins(r);
        chains(r);
        derived(r);
        groupings(r);
        transformations(r);
        versioned(r);
    }

    private void joins(final Recorder r) {
        for (final String kind : KINDS) {
            twoTables(r.scenario("table " + kind + " join: plain").dsl(b ->
                join(kind, b.table("L", STRINGS), b.table("R", STRINGS)).toStream().to("out")));
            twoTables(r.scenario("table " + kind + " join: named, materialized").dsl(b ->
                join(kind, b.table("L", STRINGS, as("l")), b.table("R", STRINGS), "j").mapValues(v -> v, as("m")).toStream().to("out")))
                .query("l", "all").query("m", "all");
            twoTables(r.scenario("table " + kind + " join: materialized").dsl(b ->
                join(kind, b.table("L", STRINGS), b.table("R", STRINGS, as("r")), as("j")).toStream().to("out")))
                .query("j", "all").query("r", "all");
            twoTables(r.scenario("table " + kind + " join: materialized, then filtered and grouped").dsl(b -> {
                final KTable<String, String> j = join(kind, b.table("L", STRINGS), b.table("R", STRINGS), as("j"));
                j.filter((k, v) -> v.contains("x")).toStream().to("filtered");
                sums(j).toStream().to("sums");
            })).query("j", "all");
            twoTables(r.scenario("table " + kind + " join: not materialized, then filtered and grouped").dsl(b -> {
                final KTable<String, String> j = join(kind, b.table("L", STRINGS), b.table("R", STRINGS));
                j.filter((k, v) -> v.contains("x")).toStream().to("filtered");
                sums(j).toStream().to("sums");
            }));
            twoTables(r.scenario("table " + kind + " join: cached").config(CACHE, 1000000).dsl(b ->
                join(kind, b.table("L", STRINGS, as("l")), b.table("R", STRINGS), as("j")).toStream().to("out")))
                .query("j", "all");
            burstInput(r.scenario("table " + kind + " join: cached bursts").config(CACHE, 1000000).dsl(b ->
                join(kind, bursts(b, "L"), bursts(b, "R"), as("j")).toStream().to("out"))).query("j", "all");
            burstInput(r.scenario("table " + kind + " join: cached bursts, result not materialized, grouped").config(CACHE, 1000000).dsl(b -> {
                final KTable<String, String> j = join(kind, bursts(b, "L"), bursts(b, "R"));
                j.toStream().to("out");
                sums(j).toStream().to("sums");
            }));
            burstInput(r.scenario("table " + kind + " join: bursts, uncached left, cached right").config(CACHE, 1000000).dsl(b ->
                join(kind, b.stream("L", STRINGS).flatMapValues(TableScenarios::words).toTable(as("l").withCachingDisabled()), bursts(b, "R"))
                    .toStream().to("out")));
            twoTables(r.scenario("table " + kind + " join: with itself").dsl(b -> {
                final KTable<String, String> t = b.table("L", STRINGS);
                b.table("R", STRINGS);
                join(kind, t, t).toStream().to("out");
            }));
            twoTables(r.scenario("table " + kind + " join: with itself, filtered and mapped").dsl(b -> {
                final KTable<String, String> t = b.table("L", STRINGS);
                b.table("R", STRINGS).toStream().to("right");
                join(kind, t.filter((k, v) -> v.startsWith("x")), t.mapValues(v -> v + "'")).toStream().to("out");
            }));
            twoTables(r.scenario("table " + kind + " join: sides filtered, mapped, not materialized").dsl(b ->
                join(kind, b.table("L", STRINGS).filter((k, v) -> v.startsWith("x")),
                    b.table("R", STRINGS).mapValues(v -> v.equals("r5") ? null : v + "'")).toStream().to("out")));
            twoTables(r.scenario("table " + kind + " join: right side transformed, not materialized").dsl(b ->
                join(kind, b.table("L", STRINGS), b.table("R", STRINGS).transformValues(Suffix::new)).toStream().to("out")));
            twoTables(r.scenario("table " + kind + " join: right side makes something of nothing").dsl(b ->
                join(kind, b.table("L", STRINGS), b.table("R", STRINGS).transformValues(Always::new)).toStream().to("out")));
            twoTables(r.scenario("table " + kind + " join: three tables").dsl(b -> {
                final KTable<String, String> l = b.table("L", STRINGS);
                final KTable<String, String> rt = b.table("R", STRINGS);
                final KTable<String, String> m = b.table("M", STRINGS);
                join(kind, join(kind, l, rt), m).toStream().to("out");
                m.leftJoin(l.outerJoin(rt, PAIR), PAIR).toStream().to("outer");
            })).in("M", "c", "m1", 50).in("R", "c", null, 51).in("L", "c", null, 49).in("M", "c", null, 52).in("M", "q", "m2", 1)
                .in("R", "q", "r2", 2).in("L", "q", "x2", 3);
        }

        for (final String kind : KINDS) {
            oneTable(r.scenario("table " + kind + " join: both sides change within one record, cached").config(CACHE, 1000000).dsl(b -> both(b, kind)));
            oneTable(r.scenario("table " + kind + " join: both sides change within one record").dsl(b -> both(b, kind)));
        }

        twoTables(r.scenario("table join: optimized source topics").config("topology.optimization", "all").dsl(b ->
            b.table("L", STRINGS).leftJoin(b.table("R", STRINGS), PICKY, as("j")).toStream().to("out")));
        twoTables(r.scenario("table join: result without a changelog").dsl(b ->
            b.table("L", STRINGS).join(b.table("R", STRINGS), PICKY, as("j").withLoggingDisabled()).toStream().to("out"))).query("j", "all");
        twoTables(r.scenario("table join: of two counts").dsl(b ->
            b.stream("L", STRINGS).groupByKey().count().join(b.stream("R", STRINGS).groupByKey().count(Materialized.as("rc")), PAIR)
                .toStream().to("out"))).query("rc", "all");
        twoTables(r.scenario("table join: of a count and a table, grouped by the count").dsl(b ->
            b.stream("L", STRINGS).groupByKey().count().outerJoin(b.table("R", STRINGS), (n, v) -> n + "/" + v)
                .groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), k), Grouped.with("by-count", S, S))
                .count(Named.as("counted"), Materialized.as("counts")).toStream().to("out", Produced.with(S, Serdes.Long()))))
            .query("counts", "all");
        twoTables(r.scenario("table join: of windowed counts").dsl(b -> {
            final TimeWindows w = TimeWindows.ofSizeWithNoGrace(Duration.ofMillis(20));
            b.stream("L", STRINGS).groupByKey().windowedBy(w).count(Materialized.as("lw"))
                .leftJoin(b.stream("R", STRINGS).groupByKey().windowedBy(w).count(Materialized.as("rw")), PAIR)
                .toStream((k, v) -> k.key() + k.window().start()).to("out", Produced.with(S, S));
        }));
        twoTables(r.scenario("table join: suppressed left side").dsl(b ->
            b.table("L", STRINGS).suppress(Suppressed.untilTimeLimit(Duration.ofMillis(5), Suppressed.BufferConfig.unbounded()))
                .leftJoin(b.table("R", STRINGS), PICKY).toStream().to("out")));
    }

    private static void both(final StreamsBuilder b, final String kind) {
        final KStream<String, String> rows = b.stream("in", STRINGS).mapValues(v -> "-".equals(v) ? null : v);
        final KTable<String, String> j = join(kind, rows.toTable(as("l")), rows.mapValues(v -> v == null ? null : v + "'").toTable(as("r")));
        j.toStream().to("out");
        sums(j).toStream().to("sums");
    }

    /** Who asks for old values, and when. */
    private void chains(final Recorder r) {
        twoTables(r.scenario("table chain: filter before the table is stored by a join").dsl(b -> {
            final KTable<String, String> l = b.table("L", STRINGS);
            l.filter((k, v) -> v.startsWith("x")).toStream().to("before");
            l.join(b.table("R", STRINGS), PAIR).toStream().to("joined");
            l.filter((k, v) -> v.startsWith("x")).toStream().to("after");
        }));
        twoTables(r.scenario("table chain: filter before and after a grouping").dsl(b -> {
            final KTable<String, String> l = b.table("L", STRINGS);
            l.filter((k, v) -> v.startsWith("x")).toStream().to("before");
            sums(l).toStream().to("sums");
            l.filter((k, v) -> v.startsWith("x")).toStream().to("after");
            b.table("R", STRINGS).filterNot((k, v) -> v.startsWith("x")).toStream().to("right");
        }));
        twoTables(r.scenario("table chain: filter, map, join, group, aggregate").dsl(b ->
            sums(b.table("L", STRINGS).filter((k, v) -> !v.startsWith("y")).mapValues(v -> v + "'")
                .leftJoin(b.table("R", STRINGS), (x, y) -> x + y)).toStream().to("out")));
        twoTables(r.scenario("table chain: filter, map, join, group, aggregate, all stored").dsl(b ->
            sums(b.table("L", STRINGS, as("l")).filter((k, v) -> !v.startsWith("y"), as("f")).mapValues(v -> v + "'", as("m"))
                .leftJoin(b.table("R", STRINGS, as("r")), (x, y) -> x + y, as("j"))).toStream().to("out")))
            .query("l", "all").query("f", "all").query("m", "all").query("j", "all");
        twoTables(r.scenario("table chain: group, aggregate, filter, join, group again").dsl(b -> {
            final KTable<String, String> s = sums(b.table("L", STRINGS)).filter((k, v) -> v.length() < 12);
            s.outerJoin(b.table("R", STRINGS), (x, y) -> x + "/" + y)
                .groupBy((k, v) -> KeyValue.pair("all", k + v), Grouped.with("again", S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Materialized.as("red")).toStream().to("out");
        })).query("red", "all");
        twoTables(r.scenario("table chain: map stored in the middle, filter after it").dsl(b -> {
            final KTable<String, String> m = b.table("L", STRINGS).mapValues(v -> v.substring(0, 1), as("m"));
            m.filter((k, v) -> v.equals("x")).toStream().to("x");
            m.filterNot((k, v) -> v.equals("x"), as("not")).toStream().to("not-x");
            m.join(b.table("R", STRINGS).filter((k, v) -> true), PAIR).filter((k, v) -> v.contains("x")).toStream().to("joined");
        })).query("m", "all").query("not", "all");
        twoTables(r.scenario("table chain: cached, all stored").config(CACHE, 1000000).dsl(b ->
            sums(b.table("L", STRINGS, as("l")).filter((k, v) -> !v.startsWith("y"), as("f")).mapValues(v -> v + "'", as("m"))
                .leftJoin(b.table("R", STRINGS, as("r")), (x, y) -> x + y, as("j"))).toStream().to("out"))).query("j", "all");
        burstInput(r.scenario("table chain: cached bursts, filter, map, join, group").config(CACHE, 1000000).dsl(b -> {
            final KTable<String, String> f = bursts(b, "L").filter((k, v) -> !v.startsWith("y"));
            f.toStream().to("filtered");
            sums(f.mapValues(v -> v + "'").outerJoin(bursts(b, "R").filterNot((k, v) -> v.equals("r2"), as("fn")), (x, y) -> x + "" + y))
                .toStream().to("out");
        })).query("fn", "all");
        twoTables(r.scenario("table chain: to a stream with other keys, and back to a table").dsl(b -> {
            final KTable<String, String> t = b.table("L", STRINGS).toStream((k, v) -> v == null ? k : v.substring(0, 1), Named.as("ts")).toTable(Named.as("again"), as("t"));
            t.leftJoin(b.table("R", STRINGS), PAIR, Named.as("lj"), as("j")).toStream().to("out");
        })).query("t", "all").query("j", "all");
        twoTables(r.scenario("table chain: not stored table made from a stream, filtered, joined").dsl(b -> {
            final KTable<String, String> t = b.stream("L", STRINGS).toTable(Materialized.with(S, S));
            t.filter((k, v) -> v.startsWith("x")).toStream().to("filtered");
            b.table("R", STRINGS).outerJoin(t.filterNot((k, v) -> v.startsWith("y")), PAIR).toStream().to("out");
        }));
    }

    /** Filters and mappings: stored or not, of a stored table or not, cached or not. */
    private void derived(final Recorder r) {
        for (final boolean source : new boolean[] {false, true}) {
            for (final boolean result : new boolean[] {false, true}) {
                for (final boolean cached : new boolean[] {false, true}) {
                    final String form = (source ? "stored" : "plain") + " source, " + (result ? "stored" : "plain") + " result"
                        + (cached ? ", cached" : "");
                    oneTable(r.scenario("table filters: " + form).config(CACHE, cached ? 1000000 : 0).dsl(b -> {
                        final KTable<String, String> t = source ? b.table("in", STRINGS, as("t")) : b.table("in", STRINGS);
                        final KTable<String, String> f = result ? t.filter((k, v) -> v.startsWith("x"), as("f")) : t.filter((k, v) -> v.startsWith("x"));
                        f.toStream().to("filtered");
                        final KTable<String, String> n = result ? f.filterNot((k, v) -> v.equals("x2"), Named.as("no-x2"), as("n"))
                            : f.filterNot((k, v) -> v.equals("x2"), Named.as("no-x2"));
                        n.toStream().to("not");
                    }));
                    oneTable(r.scenario("table mapped: " + form).config(CACHE, cached ? 1000000 : 0).dsl(b -> {
                        final KTable<String, String> t = source ? b.table("in", STRINGS, as("t")) : b.table("in", STRINGS);
                        final KTable<String, String> m = result ? t.mapValues((k, v) -> v.equals("x2") ? null : k + v, as("m"))
                            : t.mapValues((k, v) -> v.equals("x2") ? null : k + v);
                        m.toStream().to("mapped");
                        m.filter((k, v) -> v.endsWith("1")).toStream().to("ones");
                        (result ? m.mapValues(v -> v + "'", Named.as("again"), as("m2")) : m.mapValues(v -> v + "'", Named.as("again")))
                            .toStream(Named.as("as-stream")).to("again");
                    }));
                }
            }
        }
        burstInput(r.scenario("table filters: cached bursts, plain and stored results").config(CACHE, 1000000).dsl(b -> {
            final KTable<String, String> t = bursts(b, "L");
            t.filter((k, v) -> v.startsWith("x")).toStream().to("plain");
            t.filter((k, v) -> v.startsWith("x"), as("f")).toStream().to("stored");
            t.mapValues(v -> v + "'", as("m")).filterNot((k, v) -> v.startsWith("x"), as("n")).toStream().to("mapped");
            b.stream("R", STRINGS).to("right");
        })).query("f", "all").query("m", "all").query("n", "all");
        oneTable(r.scenario("table filters: stored without caching or changelog").config(CACHE, 1000000).dsl(b ->
            b.table("in", STRINGS).filter((k, v) -> v.startsWith("x"), as("f").withCachingDisabled().withLoggingDisabled()).toStream().to("out")))
            .query("f", "all");
        oneTable(r.scenario("table to a stream by another key, named and not").dsl(b -> {
            final KTable<String, String> t = b.table("in", Consumed.<String, String>as("src").withKeySerde(S).withValueSerde(S));
            t.toStream((k, v) -> v + k).to("out");
            t.toStream((k, v) -> v == null ? "none" : v, Named.as("str")).groupByKey(Grouped.with("by-value", S, S)).count().toStream().to("counts", Produced.with(S, Serdes.Long()));
        }));
    }

    private void groupings(final Recorder r) {
        oneTable(r.scenario("grouped table: count, reduce, aggregate, unnamed").dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS);
            t.groupBy(TableScenarios::byLetter, Grouped.with(S, S)).count().toStream().to("count", Produced.with(S, Serdes.Long()));
            t.groupBy(TableScenarios::byLetter).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v).toStream().to("reduce");
            sums(t).toStream().to("aggregate");
        }));
        oneTable(r.scenario("grouped table: count, reduce, aggregate, all named").dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS);
            t.groupBy(TableScenarios::byLetter, Grouped.with("gc", S, S)).count(Named.as("cnt"), Materialized.as("c")).toStream().to("count", Produced.with(S, Serdes.Long()));
            t.groupBy(TableScenarios::byLetter, Grouped.with("gr", S, S)).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Named.as("red"), as("r")).toStream().to("reduce");
            t.groupBy(TableScenarios::byLetter, Grouped.with("ga", S, S)).aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Named.as("agg"), as("a")).toStream().to("aggregate");
        })).query("c", "all").query("r", "all").query("a", "all");
        oneTable(r.scenario("grouped table: one named grouping, several aggregations").dsl(b -> {
            final KGroupedTable<String, String> g = b.table("in", STRINGS).groupBy(TableScenarios::byLetter, Grouped.with("shared", S, S));
            g.count(Materialized.as("c")).toStream().to("count", Produced.with(S, Serdes.Long()));
            g.reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v).toStream().to("reduce");
            g.aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Named.as("agg"), as("a")).toStream().to("aggregate");
        }));
        oneTable(r.scenario("grouped table: one unnamed grouping, several aggregations").dsl(b -> {
            final KGroupedTable<String, String> g = b.table("in", STRINGS).groupBy(TableScenarios::byLetter, Grouped.with(S, S));
            g.count().toStream().to("count", Produced.with(S, Serdes.Long()));
            g.count(Named.as("counted")).toStream().to("count2", Produced.with(S, Serdes.Long()));
            g.reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, as("red")).toStream().to("reduce");
        })).query("red", "all");
        oneTable(r.scenario("grouped table: adder and subtractor delete").dsl(b -> {
            final KGroupedTable<String, String> g = b.table("in", STRINGS).groupBy(TableScenarios::byLetter, Grouped.with(S, S));
            g.reduce((a, v) -> v.equals("x3") ? null : a + "+" + v, (a, v) -> v.endsWith("1") ? null : a + "-" + v, as("red")).toStream().to("reduce");
            g.aggregate(() -> "0", (k, v, a) -> v.equals("x3") ? null : a + "+" + v, (k, v, a) -> v.endsWith("1") ? null : a + "-" + v, as("agg")).toStream().to("aggregate");
        })).query("red", "all").query("agg", "all");
        oneTable(r.scenario("grouped table: null values and no pair at all").dsl(b ->
            b.table("in", STRINGS).groupBy((k, v) -> v.equals("x2") ? null : KeyValue.pair("g", v.startsWith("y") ? null : v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v).toStream().to("out")));
        oneTable(r.scenario("grouped table: number keys and values").dsl(b ->
            b.table("in", STRINGS).groupBy((k, v) -> KeyValue.pair(v.startsWith("x") ? 7 : 8, (long) v.length()), Grouped.with(Serdes.Integer(), Serdes.Long()))
                .<Long>aggregate(() -> 100L, (k, v, a) -> a + v, (k, v, a) -> a - v, Materialized.with(Serdes.Integer(), Serdes.Long()))
                .toStream().to("out", Produced.with(Serdes.Integer(), Serdes.Long()))));
        oneTable(r.scenario("grouped table: long rows, whose length takes two bytes").dsl(b ->
            b.table("in", STRINGS).mapValues(v -> v.repeat(50)).groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S))
                .<Long>aggregate(() -> 0L, (k, v, a) -> a + v.length(), (k, v, a) -> a - v.length(), Materialized.with(S, Serdes.Long()))
                .toStream().to("out", Produced.with(S, Serdes.Long()))));
        oneTable(r.scenario("grouped table: cached").config(CACHE, 1000000).dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS, as("t"));
            t.groupBy(TableScenarios::byLetter, Grouped.with(S, S)).count(Materialized.as("c")).toStream().to("count", Produced.with(S, Serdes.Long()));
            sums(t).toStream().to("aggregate");
        })).query("c", "all");
        burstInput(r.scenario("grouped table: cached bursts").config(CACHE, 1000000).dsl(b -> {
            final KTable<String, String> t = bursts(b, "L");
            t.groupBy(TableScenarios::byLetter, Grouped.with(S, S)).count(Materialized.as("c")).toStream().to("count", Produced.with(S, Serdes.Long()));
            t.groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S)).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, as("r")).toStream().to("reduce");
            b.stream("R", STRINGS).to("right");
        })).query("c", "all").query("r", "all");
        burstInput(r.scenario("grouped table: bursts, source not cached, result cached").config(CACHE, 1000000).dsl(b -> {
            final KTable<String, String> t = b.stream("L", STRINGS).flatMapValues(TableScenarios::words).toTable(as("l").withCachingDisabled());
            t.groupBy(TableScenarios::byLetter, Grouped.with(S, S)).count(Materialized.as("c")).toStream().to("count", Produced.with(S, Serdes.Long()));
            sums(t).filter((k, v) -> v.length() % 2 == 0).toStream().to("sums");
            b.stream("R", STRINGS).to("right");
        })).query("c", "all");
        oneTable(r.scenario("grouped table: a count of counts").dsl(b ->
            b.table("in", STRINGS).groupBy(TableScenarios::byLetter, Grouped.with(S, S)).count()
                .groupBy((k, v) -> KeyValue.pair(v, k), Grouped.with(Serdes.Long(), S)).count()
                .filter((k, v) -> v > 0).toStream().to("out", Produced.with(Serdes.Long(), Serdes.Long()))));
        oneTable(r.scenario("grouped table: joined with the table that it is of").dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS);
            sums(t).join(t.groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), v), Grouped.with(S, S)).count(), (s, n) -> s + "=" + n).toStream().to("out");
        }));
        oneTable(r.scenario("grouped table: filtered and mapped before").dsl(b ->
            sums(b.table("in", STRINGS).filter((k, v) -> !v.equals("x2")).mapValues((k, v) -> v + k)).mapValues(v -> "<" + v + ">").toStream().to("out")));
        oneTable(r.scenario("grouped table: stored filter before, optimized").config("topology.optimization", "all").dsl(b ->
            sums(b.table("in", STRINGS).filterNot((k, v) -> v.equals("x2"), as("f"))).toStream().to("out"))).query("f", "all");
        oneTable(r.scenario("grouped table: of a stream's aggregation").dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> a + v).groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Named.as("red"), as("red")).toStream().to("out")));
        oneTable(r.scenario("grouped table: of a stream's count, whose initial value is an old value").dsl(b ->
            b.stream("in", STRINGS).groupByKey().count().groupBy((k, v) -> KeyValue.pair("n" + v % 2, v), Grouped.with(S, Serdes.Long()))
                .reduce(Long::sum, (a, v) -> a - v).toStream().to("out", Produced.with(S, Serdes.Long()))));
        for (final int cache : new int[] {0, 1000000}) {
            final String cached = cache > 0 ? ", cached" : "";
            oneTable(r.scenario("grouped table: of windowed counts" + cached).config(CACHE, cache).dsl(b ->
                b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(20), Duration.ofMillis(100))).count(Materialized.as("w"))
                    .groupBy((w, n) -> KeyValue.pair(w.key(), n), Grouped.with(S, Serdes.Long())).reduce(Long::sum, (a, n) -> a - n, Materialized.as("red"))
                    .toStream().to("out", Produced.with(S, Serdes.Long())))).query("red", "all");
            oneTable(r.scenario("grouped table: of sessions" + cached).config(CACHE, cache).dsl(b ->
                b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(10), Duration.ofMillis(100))).count(Materialized.as("s"))
                    .filter((w, n) -> n < 3).groupBy((w, n) -> KeyValue.pair("n" + n, w.key()), Grouped.with(S, S)).count(Named.as("counted"))
                    .toStream().to("out", Produced.with(S, Serdes.Long()))));
            oneTable(r.scenario("grouped table: joined with a table of the same groups" + cached).config(CACHE, cache).dsl(b -> {
                final KTable<String, String> t = b.table("in", STRINGS, as("t"));
                final KGroupedTable<String, String> g = t.groupBy(TableScenarios::byLetter, Grouped.with("shared", S, S));
                g.count(Materialized.as("c")).leftJoin(g.reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, as("r")), (n, v) -> n + "=" + v).toStream().to("out");
            })).query("c", "all").query("r", "all");
        }
        oneTable(r.scenario("grouped table: of a suppressed table").dsl(b ->
            b.table("in", STRINGS).suppress(Suppressed.untilTimeLimit(Duration.ofMillis(5), Suppressed.BufferConfig.unbounded()))
                .groupBy(TableScenarios::byLetter, Grouped.with(S, S)).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, as("red")).toStream().to("out")));
        oneTable(r.scenario("grouped table: result without a changelog, not cached").config(CACHE, 1000000).dsl(b ->
            b.table("in", STRINGS).groupBy(TableScenarios::byLetter, Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, as("red").withLoggingDisabled().withCachingDisabled()).toStream().to("out")))
            .query("red", "all");
    }

    private void transformations(final Recorder r) {
        oneTable(r.scenario("table transformed: plain, what the context says").dsl(b ->
            b.table("in", STRINGS).transformValues(Suffix::new).toStream().to("out")));
        oneTable(r.scenario("table transformed: something of nothing, named, then filtered").dsl(b ->
            b.table("in", STRINGS, as("t")).transformValues(Always::new, Named.as("always")).filter((k, v) -> !v.equals("(null)")).toStream().to("out")));
        oneTable(r.scenario("table transformed: with a store, old values wanted").dsl(b -> {
            addSeen(b);
            sums(b.table("in", STRINGS).transformValues(Numbered::new, "seen")).toStream().to("out");
        })).query("seen", "all");
        oneTable(r.scenario("table transformed: stored, old values wanted").dsl(b -> {
            addSeen(b);
            sums(b.table("in", STRINGS).transformValues(Numbered::new, as("tv"), Named.as("num"), "seen")).toStream().to("out");
        })).query("tv", "all").query("seen", "all");
        oneTable(r.scenario("table transformed: stored, cached").config(CACHE, 1000000).dsl(b -> {
            addSeen(b);
            final KTable<String, String> t = b.table("in", STRINGS).transformValues(Numbered::new, as("tv"), "seen");
            t.toStream().to("out");
            t.filter((k, v) -> v.startsWith("x")).toStream().to("filtered");
        })).query("tv", "all");
        twoTables(r.scenario("table transformed: stored, joined").dsl(b -> {
            addSeen(b);
            b.table("L", STRINGS).leftJoin(b.table("R", STRINGS).transformValues(Numbered::new, as("tv"), "seen"), PICKY).toStream().to("out");
        })).query("tv", "all");
        twoTables(r.scenario("table transformed: both sides of an outer join, not stored, grouped").dsl(b ->
            sums(b.table("L", STRINGS).transformValues(Always::new).outerJoin(b.table("R", STRINGS).transformValues(Suffix::new), PAIR)).toStream().to("out")));
        oneTable(r.scenario("table transformed: windowed, then filtered, old values wanted").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(20), Duration.ofMillis(100))).reduce((a, v) -> a + v, Materialized.as("w"))
                .transformValues(() -> new ValueTransformerWithKey<Windowed<String>, String, String>() {
                    @Override
                    public void init(final org.apache.kafka.streams.processor.ProcessorContext c) {
                    }

                    @Override
                    public String transform(final Windowed<String> w, final String v) {
                        return v == null ? null : w.key() + w.window().start() + v;
                    }

                    @Override
                    public void close() {
                    }
                }).filter((w, v) -> v.length() < 8).toStream((w, v) -> w.key()).to("out", Produced.with(S, S))));
        twoTables(r.scenario("table transformed: twice, then joined").dsl(b ->
            b.table("L", STRINGS).join(b.table("R", STRINGS).transformValues(Suffix::new).mapValues(v -> v + "'").transformValues(Suffix::new), PAIR)
                .toStream().to("out")));
        twoTables(r.scenario("table transformed: with a store, not stored, joined").dsl(b -> {
            addSeen(b);
            b.table("L", STRINGS).join(b.table("R", STRINGS).transformValues(Numbered::new, "seen"), PAIR).toStream().to("out");
        }));
    }

    private void versioned(final Recorder r) {
        for (final String kind : KINDS) {
            twoTables(r.scenario("table " + kind + " join: versioned left side").dsl(b ->
                join(kind, b.table("L", STRINGS, versionedAs("lv", 25)), b.table("R", STRINGS)).toStream().to("out"))).query("lv", "get", "a");
            twoTables(r.scenario("table " + kind + " join: both sides versioned, result versioned").dsl(b -> {
                final KTable<String, String> j = join(kind, b.table("L", STRINGS, versionedAs("lv", 1000)), b.table("R", STRINGS, versionedAs("rv", 1000)), versionedAs("jv", 1000));
                j.toStream().to("out");
                j.filter((k, v) -> v.contains("x")).toStream().to("filtered");
            })).query("jv", "get", "a");
        }
        oneTable(r.scenario("grouped table: of a versioned table").dsl(b ->
            sums(b.table("in", STRINGS, versionedAs("v", 1000))).toStream().to("out")));
        oneTable(r.scenario("grouped table: of a versioned table, filtered and mapped").dsl(b ->
            sums(b.table("in", STRINGS, versionedAs("v", 1000)).filter((k, v) -> !v.equals("x2")).mapValues(v -> v + "'")).toStream().to("out")));
        oneTable(r.scenario("table filters: of a versioned table").dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS, versionedAs("v", 30));
            t.filter((k, v) -> v.startsWith("x")).toStream().to("plain");
            t.filterNot((k, v) -> v.startsWith("x"), as("f")).toStream().to("stored");
            t.filter((k, v) -> v.startsWith("x"), versionedAs("fv", 30)).toStream().to("versioned");
            t.mapValues(v -> v + "'", as("m")).filter((k, v) -> v.startsWith("x")).toStream().to("mapped");
        })).query("f", "all").query("m", "all");
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> versionedAs(final String store, final long retentionMs) {
        return Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore(store, Duration.ofMillis(retentionMs))).withKeySerde(S).withValueSerde(S);
    }
}
