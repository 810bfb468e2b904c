import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Joins of two streams, and what topology.optimization makes of a topology. */
public class StreamJoinScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final Consumed<String, String> STRINGS = Consumed.with(S, S);
    private static final ValueJoiner<String, String, String> PAIR = (l, r) -> "[" + l + "," + r + "]";
    private static final String OPTIMIZE = "topology.optimization";
    private static final String INTERVAL = "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__";

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private static JoinWindows within(final long before, final long after, final long grace) {
        return JoinWindows.ofTimeDifferenceAndGrace(ms(1000), ms(grace)).before(ms(before)).after(ms(after));
    }

    private static <V> KStream<String, String> join(final String kind, final KStream<String, String> l, final KStream<String, String> r,
                                                    final JoinWindows w, final StreamJoined<String, String, String> j) {
        switch (kind) {
            case "inner": return l.join(r, PAIR, w, j);
            case "left": return l.leftJoin(r, PAIR, w, j);
            default: return l.outerJoin(r, PAIR, w, j);
        }
    }

    private static KStream<String, String> join(final String kind, final KStream<String, String> l, final KStream<String, String> r,
                                                final JoinWindows w) {
        return join(kind, l, r, w, StreamJoined.with(S, S, S));
    }

    static final class Forward extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> r) {
            context().forward(r);
        }
    }

    static final class ForwardValue extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(final FixedKeyRecord<String, String> r) {
            context().forward(r);
        }
    }

    private static KStream<String, String> swap(final KStream<String, String> s) {
        return s.map((k, v) -> KeyValue.pair(v, k));
    }

    /** Matches, misses, equal times, several keys, out-of-order, late, nulls; both sides. */
    private static Recorder.Scenario mixed(final Recorder.Scenario s) {
        return s.in("L", "a", "a1", 100).in("R", "b", "b1", 100).in("L", "a", "a2", 100).in("R", "a", "x1", 104)
            .in("L", "b", "b2", 97).in("R", "b", "b3", 90).in("L", "c", "c1", 110).in("L", "c", "c2", 110).in("R", "d", "d1", 110)
            .in("L", null, "n1", 111).in("R", null, "n2", 112).in("L", "a", null, 113).in("R", "a", null, 114).in("L", null, null, 115)
            .in("R", "c", "c3", 119).in("R", "c", "c4", 101).in("L", "e", "e1", 118).in("R", "f", "f1", 118).in("L", "e", "e2", 117)
            .in("R", "z", "z1", 126).in("L", "z", "z2", 127).in("L", "d", "d2", 107).in("L", "late", "y1", 102).in("R", "late", "y2", 103)
            .in("L", "late", "y3", 120).in("R", "e", "e3", 125).in("L", null, "n3", 150).in("L", "f", "f2", 119).in("R", "z", "z3", 140)
            .in("L", "a", null, 160).in("R", "g", "g1", 151).in("L", "g", "g2", 151).in("L", "h", "h1", 165).in("R", "h", "h2", 166)
            .in("L", "i", "i1", 166).in("R", "i", "i2", 181).in("L", "z", "z4", 200).in("R", "z", "z5", 230).in("L", "z", "z6", 230)
            .in("R", "z", "z7", 260).in("L", "z", "z8", 300).metric("dropped-records-total");
    }

    /** Pseudo-random records whose time runs forward and back. */
    private static Recorder.Scenario random(final Recorder.Scenario s, final int seed, final int count) {
        long state = seed;
        long now = 50;
        for (int i = 0; i < count; i++) {
            state = (state * 1103515245L + 12345L) & 0x7fffffffL;
            final int a = (int) (state >> 8) & 0xff;
            state = (state * 1103515245L + 12345L) & 0x7fffffffL;
            final int b = (int) (state >> 8) & 0xff;
            now += a % 5;
            final long ts = Math.max(0, b % 3 == 0 ? now - b % 23 : now);
            final String key = a % 17 == 0 ? null : String.valueOf((char) ('a' + (a + b) % 3));
            final String value = b % 13 == 0 ? null : "v" + i;
            s.in((a + b) % 2 == 0 ? "L" : "R", key, value, ts);
        }
        return s.metric("dropped-records-total");
    }

    @Override
    public void define(final Recorder r) {
        windows(r);
        forms(r);
        selfJoins(r);
        optimizations(r);
    }

    private void windows(final Recorder r) {
        final Map<String, JoinWindows> windows = new LinkedHashMap<>();
        windows.put("10/10/0", within(10, 10, 0));
        windows.put("15/15/5", within(15, 15, 5));
        windows.put("0/0/0", within(0, 0, 0));
        windows.put("0/0/10", within(0, 0, 10));
        windows.put("5/15/2", within(5, 15, 2));
        windows.put("15/5/0", within(15, 5, 0));
        windows.put("0/10/3", within(0, 10, 3));
        windows.put("10/0/3", within(10, 0, 3));
        windows.put("-3/10/1", within(-3, 10, 1));
        windows.put("10/-3/1", within(10, -3, 1));
        windows.put("0/0/1", within(0, 0, 1));
        windows.put("500/500/0", within(500, 500, 0));
        for (final String kind : new String[] {"inner", "left", "outer"}) {
            windows.forEach((name, w) -> {
                mixed(r.scenario("stream join " + kind + " " + name + ": mixed").dsl(b ->
                    join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), w).to("out")));
            });
            for (int seed = 1; seed <= 2; seed++) {
                final int n = seed;
                windows.forEach((name, w) -> {
                    if (n > 1 && (name.startsWith("0/0") || name.startsWith("500"))) return;
                    random(r.scenario("stream join " + kind + " " + name + ": random " + n).dsl(b ->
                        join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), w).to("out")), n, 40);
                });
            }
            mixed(r.scenario("stream join " + kind + ": emitted every second at most").config(INTERVAL, 1000).dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(5, 5, 0)).to("out"))
                .in("L", "a", "first", 0).in("L", "b", "second", 20).in("L", "b", "third", 40).wall(999).in("L", "c", "fourth", 60)
                .wall(1).in("L", "c", "fifth", 80).in("L", "c", "sixth", 99).wall(5000));
            mixed(r.scenario("stream join " + kind + ": cache on").config("statestore.cache.max.bytes", 1000000).dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5)).to("out")));
            r.scenario("stream join " + kind + ": headers").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 0)).to("out"))
                .in("L", "a", "l1", 10, "h", "1").in("R", "a", "r1", 11, "h", "2", "h", "3").in("R", "b", "r2", 12, "g", null)
                .in("L", "c", "l2", 40, "h", "4").in("L", null, "n", 50, "h", "5").in("R", "c", "r3", 70, "h", "6")
                .in("L", "c", null, 71, "h", "7").in("R", "c", null, 10, "h", "8").in("L", "c", "late", 20, "h", "9");
            r.scenario("stream join " + kind + ": keys and values of other types").dsl(b -> {
                final KStream<Integer, Long> l = b.stream("L", Consumed.with(Serdes.Integer(), Serdes.Long()));
                final KStream<Integer, Double> o = b.stream("R", Consumed.with(Serdes.Integer(), Serdes.Double()));
                final StreamJoined<Integer, Long, Double> j = StreamJoined.with(Serdes.Integer(), Serdes.Long(), Serdes.Double());
                final ValueJoinerWithKey<Integer, Long, Double, String> f = (k, x, y) -> k + ":" + x + ":" + y;
                final KStream<Integer, String> joined = kind.equals("inner") ? l.join(o, f, within(10, 10, 1), j)
                    : kind.equals("left") ? l.leftJoin(o, f, within(10, 10, 1), j) : l.outerJoin(o, f, within(10, 10, 1), j);
                joined.to("out", Produced.with(Serdes.Integer(), S));
            }).in("L", 1, 10L, 10).in("L", -1, -10L, 10).in("L", 1, 11L, 10).in("R", 2, 0.5, 10).in("R", 256, 1e300, 11).in("R", 2, -0.5, 10)
                .in("R", 1, 2.5, 12).in("L", 2, 7L, 9).in("L", 3, 1L, 40).in("R", 3, 0.0, 60);
        }
    }

    private void forms(final Recorder r) {
        for (final String kind : new String[] {"inner", "left", "outer"}) {
            mixed(r.scenario("stream join " + kind + ": operator named").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S).withName("jn")).to("out")));
            mixed(r.scenario("stream join " + kind + ": stores named").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S).withStoreName("js")).to("out")))
                .query("none", "all");
            mixed(r.scenario("stream join " + kind + ": not logged").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S).withLoggingDisabled()).to("out")));
            mixed(r.scenario("stream join " + kind + ": stores given").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                    .withThisStoreSupplier(given("mine", 25, 20)).withOtherStoreSupplier(given("other", 25, 20))).to("out")));
            mixed(r.scenario("stream join " + kind + ": left store given, not logged").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                    .withThisStoreSupplier(given("mine", 25, 20)).withLoggingDisabled()).to("out")));
            mixed(r.scenario("stream join " + kind + ": right store given, all named").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                    .withOtherStoreSupplier(given("other", 25, 20)).withName("n").withStoreName("s")).to("out")));
            mixed(r.scenario("stream join " + kind + ": both sides repartitioned").dsl(b ->
                join(kind, b.stream("L", STRINGS).selectKey((k, v) -> k), b.stream("R", STRINGS).selectKey((k, v) -> k), within(10, 10, 5)).to("out")));
            mixed(r.scenario("stream join " + kind + ": both sides repartitioned, named").dsl(b ->
                join(kind, b.stream("L", STRINGS).selectKey((k, v) -> k), b.stream("R", STRINGS).selectKey((k, v) -> k), within(10, 10, 5),
                    StreamJoined.with(S, S, S).withName("jn").withStoreName("js")).to("out")));
            mixed(r.scenario("stream join " + kind + ": right side repartitioned").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS).map((k, v) -> KeyValue.pair(k, v)), within(10, 10, 5)).to("out")));
            mixed(r.scenario("stream join " + kind + ": left side repartitioned by hand").dsl(b ->
                join(kind, b.stream("L", STRINGS).selectKey((k, v) -> k).repartition(Repartitioned.as("hand")), b.stream("R", STRINGS),
                    within(10, 10, 5)).to("out")));
            mixed(r.scenario("stream join " + kind + ": one stream joined twice").dsl(b -> {
                final KStream<String, String> l = b.stream("L", STRINGS).selectKey((k, v) -> k);
                final KStream<String, String> o = b.stream("R", STRINGS);
                join(kind, l, o, within(10, 10, 5)).to("one");
                join(kind, l, o, within(5, 5, 0)).to("two");
                join(kind, l, o, within(1, 1, 0), StreamJoined.with(S, S, S).withName("named")).to("three");
                join(kind, l, o, within(2, 2, 0)).to("four");
            }));
            mixed(r.scenario("stream join " + kind + ": joined again with a third").dsl(b ->
                join(kind, join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5)), b.stream("T", STRINGS), within(20, 20, 0)).to("out"))
                .in("T", "a", "t1", 95).in("T", "z", "t2", 95));
            mixed(r.scenario("stream join " + kind + ": grouped after it").dsl(b ->
                join(kind, b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5)).groupByKey().count(Materialized.as("n")).toStream()
                    .to("out", Produced.with(S, Serdes.Long())))).query("n", "all");
            mixed(r.scenario("stream join " + kind + ": of two streams of one topic").dsl(b ->
                {
                    b.stream("R", STRINGS).to("unjoined");
                    join(kind, b.stream("L", STRINGS), b.stream("L", STRINGS).filter((k, v) -> v != null && !v.endsWith("2")), within(10, 10, 5)).to("out");
                }));
            r.scenario("stream join " + kind + ": the joiner returns null").dsl(b -> {
                final ValueJoiner<String, String, String> f = (x, y) -> x == null || y == null || x.equals(y) ? null : x + y;
                final KStream<String, String> l = b.stream("L", STRINGS);
                final KStream<String, String> o = b.stream("R", STRINGS);
                (kind.equals("inner") ? l.join(o, f, within(10, 10, 0)) : kind.equals("left") ? l.leftJoin(o, f, within(10, 10, 0))
                    : l.outerJoin(o, f, within(10, 10, 0))).to("out");
            }).in("L", "a", "x", 1).in("R", "a", "x", 2).in("R", "a", "y", 3).in("R", "b", "y", 4).in("L", "c", "x", 50).in("L", null, "x", 90);
        }
        r.scenario("error: join store keeps no duplicates").dsl(b ->
            join("inner", b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                .withThisStoreSupplier(Stores.inMemoryWindowStore("mine", ms(25), ms(20), false))));
        r.scenario("error: join store with another retention").dsl(b ->
            join("inner", b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                .withThisStoreSupplier(given("mine", 26, 20))));
        r.scenario("error: join store with another window size").dsl(b ->
            join("inner", b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                .withOtherStoreSupplier(given("mine", 25, 21))));
        r.scenario("error: join stores with one name").dsl(b ->
            join("inner", b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S)
                .withThisStoreSupplier(given("same", 25, 20)).withOtherStoreSupplier(given("same", 25, 20))));
        r.scenario("error: join of repartition topics with unequal counts").dsl(b ->
            join("inner", b.stream("L", STRINGS).repartition(Repartitioned.<String, String>as("l").withNumberOfPartitions(2)),
                b.stream("R", STRINGS).repartition(Repartitioned.<String, String>as("r").withNumberOfPartitions(3)), within(10, 10, 5)));
        r.scenario("error: explicit names required, join without").config("ensure.explicit.internal.resource.naming", true).topologyConfig().dsl(b ->
            join("outer", swap(b.stream("L", STRINGS)), b.stream("R", STRINGS), within(10, 10, 5)).to("out"));
        r.scenario("stream join: explicit names required and given").config("ensure.explicit.internal.resource.naming", true).topologyConfig().dsl(b ->
            join("outer", swap(b.stream("L", STRINGS)), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S).withName("jn").withStoreName("js")).to("out"));
        r.scenario("error: join name with a character that is not allowed").dsl(b ->
            join("inner", b.stream("L", STRINGS), b.stream("R", STRINGS), within(10, 10, 5), StreamJoined.with(S, S, S).withName("no spaces")).to("out"));
    }

    private static WindowBytesStoreSupplier given(final String name, final long retention, final long size) {
        return Stores.inMemoryWindowStore(name, ms(retention), ms(size), true);
    }

    private void selfJoins(final Recorder r) {
        final Map<String, JoinWindows> windows = new LinkedHashMap<>();
        windows.put("10/10/0", within(10, 10, 0));
        windows.put("5/15/3", within(5, 15, 3));
        windows.put("15/0/3", within(15, 0, 3));
        windows.put("0/0/0", within(0, 0, 0));
        windows.put("0/0/5", within(0, 0, 5));
        windows.put("-3/10/1", within(-3, 10, 1));
        for (final String kind : new String[] {"inner", "left", "outer"}) {
            for (final String optimization : new String[] {"none", "single.store.self.join"}) {
                windows.forEach((name, w) -> {
                    random(r.scenario("self join " + kind + " " + name + " (" + optimization + ")").config(OPTIMIZE, optimization).dsl(b -> {
                        final KStream<String, String> s = b.stream("L", STRINGS);
                        b.stream("R", STRINGS).to("unjoined");
                        join(kind, s, s, w).to("out");
                    }), 7, 40);
                });
            }
        }
        random(r.scenario("self join of two streams of one topic, optimized").config(OPTIMIZE, "all").dsl(b -> {
            b.stream("R", STRINGS).to("unjoined");
            join("inner", b.stream("L", STRINGS), b.stream("L", STRINGS), within(5, 5, 2)).to("out");
        }), 3, 20);
        random(r.scenario("self join, repartitioned, optimized").config(OPTIMIZE, "all").dsl(b -> {
            final KStream<String, String> s = b.stream("L", STRINGS).selectKey((k, v) -> k);
            b.stream("R", STRINGS).to("unjoined");
            join("inner", s, s, within(5, 5, 2)).to("out");
        }), 3, 20);
        random(r.scenario("self join, repartitioned, named, optimized").config(OPTIMIZE, "all").dsl(b -> {
            final KStream<String, String> s = b.stream("L", STRINGS).selectKey((k, v) -> k);
            b.stream("R", STRINGS).to("unjoined");
            join("inner", s, s, within(5, 5, 2), StreamJoined.with(S, S, S).withName("jn").withStoreName("js")).to("out");
        }), 3, 20);
        random(r.scenario("self join, repartitioned, named, not optimized").dsl(b -> {
            final KStream<String, String> s = b.stream("L", STRINGS).selectKey((k, v) -> k);
            b.stream("R", STRINGS).to("unjoined");
            join("inner", s, s, within(5, 5, 2), StreamJoined.with(S, S, S).withName("jn").withStoreName("js")).to("out");
        }), 3, 20);
        random(r.scenario("self joins: two of one stream, named and not, optimized").config(OPTIMIZE, "all").dsl(b -> {
            final KStream<String, String> s = b.stream("L", STRINGS);
            b.stream("R", STRINGS).to("unjoined");
            join("inner", s, s, within(5, 5, 2), StreamJoined.with(S, S, S).withName("jn")).to("one");
            join("left", s, s, within(3, 3, 0), StreamJoined.with(S, S, S).withStoreName("js")).to("two");
            join("inner", s, s.filter((k, v) -> true), within(3, 3, 0)).to("three");
        }), 5, 20);
        random(r.scenario("self joins: chained, optimized").config(OPTIMIZE, "all").dsl(b -> {
            final KStream<String, String> s = b.stream("L", STRINGS);
            final KStream<String, String> j = join("inner", s, s, within(3, 3, 2));
            b.stream("R", STRINGS).to("unjoined");
            join("inner", j, j, within(2, 2, 1)).to("out");
        }), 5, 14);
    }

    private void optimizations(final Recorder r) {
        for (final String optimization : new String[] {"none", "merge.repartition.topics", "all"}) {
            optimized(r, optimization);
        }
    }

    private static Recorder.Scenario optimized(final Recorder r, final String name, final String optimization) {
        return r.scenario("optimize (" + optimization + "): " + name).config(OPTIMIZE, optimization);
    }

    private static Recorder.Scenario few(final Recorder.Scenario s) {
        return s.in("in", "k", "v", 1).in("in", "v", "k", 2).in("in", null, "v", 3).in("in", "k", "w", 4);
    }

    private static void count(final KStream<String, String> s, final String to) {
        s.groupByKey().count().toStream().to(to, Produced.with(S, Serdes.Long()));
    }

    private static void count(final KStream<String, String> s, final String store, final String to) {
        s.groupByKey().count(Materialized.as(store)).toStream().to(to, Produced.with(S, Serdes.Long()));
    }

    private void optimized(final Recorder r, final String o) {
        few(optimized(r, "two counts of one map", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            count(m, "one");
            count(m, "two");
        }));
        few(optimized(r, "counts with store and group names", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            m.groupByKey(Grouped.as("grp")).count(Materialized.as("c1")).toStream().to("one", Produced.with(S, Serdes.Long()));
            count(m, "c2", "two");
            m.groupByKey(Grouped.as("other")).reduce((x, y) -> x + y, Materialized.as("c3")).toStream().to("three");
        }));
        few(optimized(r, "one grouping, several aggregations", o).dsl(b -> {
            final KGroupedStream<String, String> g = swap(b.stream("in", STRINGS)).groupByKey(Grouped.as("grp"));
            g.count().toStream().to("one", Produced.with(S, Serdes.Long()));
            g.reduce((x, y) -> x + y).toStream().to("two");
            g.aggregate(() -> "", (k, v, a) -> a + v).toStream().to("three");
        }));
        few(optimized(r, "filters and peeks between", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            count(m.filter((k, v) -> true), "one");
            count(m.peek((k, v) -> { }).filterNot((k, v) -> false), "two");
            m.to("mapped");
        }));
        few(optimized(r, "mapValues between", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            count(m.mapValues(v -> v + "!"), "one");
            count(m.flatMapValues(v -> Collections.singletonList(v + "?")), "two");
            count(m, "three");
            count(m, "four");
        }));
        few(optimized(r, "two key changes in a row", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS)).selectKey((k, v) -> v);
            count(m, "one");
            count(m, "two");
        }));
        few(optimized(r, "key changes beside each other", o).dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            final KStream<String, String> m = swap(s);
            final KStream<String, String> n = s.selectKey((k, v) -> v);
            count(m, "one");
            count(n, "two");
            count(m, "three");
            count(n, "four");
        }));
        few(optimized(r, "groupBy twice", o).dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            s.groupBy((k, v) -> v).count().toStream().to("one", Produced.with(S, Serdes.Long()));
            s.groupBy((k, v) -> v).count().toStream().to("two", Produced.with(S, Serdes.Long()));
        }));
        few(optimized(r, "merge of two maps", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> n = b.stream("in2", STRINGS).selectKey((k, v) -> v);
            final KStream<String, String> both = m.merge(n);
            count(both, "one");
            count(both, "two");
        }).in("in2", "k", "v", 9));
        few(optimized(r, "merge of a map and a plain stream", o).dsl(b -> {
            final KStream<String, String> both = swap(b.stream("in", STRINGS)).merge(b.stream("in2", STRINGS));
            count(both, "one");
            both.groupByKey().reduce((x, y) -> x + y).toStream().to("two");
        }).in("in2", "k", "v", 9));
        few(optimized(r, "merge whose part is counted too", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> both = m.merge(b.stream("in2", STRINGS));
            count(both, "one");
            count(m, "two");
        }).in("in2", "k", "v", 9));
        few(optimized(r, "repartition by hand", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> p = m.repartition(Repartitioned.as("hand"));
            count(p, "one");
            count(p, "two");
            count(m, "three");
            count(m, "four");
        }));
        few(optimized(r, "toTable and a join with a table", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KTable<String, String> t = m.toTable(Materialized.as("tt"));
            m.join(b.table("tbl", STRINGS), PAIR).to("joined");
            m.leftJoin(t, PAIR).to("joined2");
            count(m, "one");
        }).in("tbl", "k", "t", 0).in("in", "k", "k", 9));
        few(optimized(r, "join of streams after maps", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> n = b.stream("in2", STRINGS).selectKey((k, v) -> v);
            count(m, "one");
            join("inner", m, n, within(10, 10, 0)).to("joined");
            count(n, "two");
        }).in("in2", "k", "v", 9));
        few(optimized(r, "outer join of streams after maps, named", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> n = b.stream("in2", STRINGS).selectKey((k, v) -> v);
            count(m, "one");
            join("outer", m, n, within(10, 10, 0), StreamJoined.with(S, S, S).withName("jn")).to("joined");
            join("left", n, m, within(10, 10, 0)).to("joined2");
        }).in("in2", "k", "v", 9).in("in2", null, "v", 9));
        few(optimized(r, "windowed aggregations", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            m.groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w")).toStream((k, v) -> k.key()).to("one", Produced.with(S, Serdes.Long()));
            m.groupByKey().windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count(Materialized.as("s")).toStream((k, v) -> k.key()).to("two", Produced.with(S, Serdes.Long()));
        }));
        few(optimized(r, "cogroup", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            final KStream<String, String> n = b.stream("in2", STRINGS).selectKey((k, v) -> v);
            m.groupByKey(Grouped.as("m")).<String>cogroup((k, v, a) -> a + v).cogroup(n.groupByKey(Grouped.as("n")), (k, v, a) -> a + "-" + v).aggregate(() -> "").toStream().to("one");
            count(m, "two");
        }).in("in2", "k", "v", 9));
        few(optimized(r, "processors between", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            count(m.process(Forward::new), "one");
            count(m.processValues(ForwardValue::new), "two");
            count(m, "three");
            count(b.stream("in2", STRINGS).process(Forward::new), "four");
        }));
        few(optimized(r, "branches", o).dsl(b -> {
            final Map<String, KStream<String, String>> branches = swap(b.stream("in", STRINGS)).split(Named.as("s-"))
                .branch((k, v) -> v != null && v.equals("k"), Branched.as("k")).defaultBranch(Branched.as("rest"));
            count(branches.get("s-k"), "one");
            count(branches.get("s-rest"), "two");
        }));
        few(optimized(r, "a table's stream by another key", o).dsl(b -> {
            final KStream<String, String> m = b.table("in", STRINGS).toStream((k, v) -> v);
            count(m, "one");
            m.groupByKey().reduce((x, y) -> x + y).toStream().to("two");
        }));
        few(optimized(r, "aggregations in a row", o).dsl(b -> {
            final KStream<String, Long> c = swap(b.stream("in", STRINGS)).groupByKey().count().toStream();
            final KStream<String, String> m = c.map((k, v) -> KeyValue.pair("" + v, k));
            count(m, "one");
            count(m, "two");
        }));
        few(optimized(r, "tables read and joined", o).dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS);
            final KTable<String, String> u = b.table("in2", STRINGS, Materialized.as("u"));
            t.join(u, PAIR).toStream().to("joined");
            t.filter((k, v) -> true, Materialized.as("f")).toStream().to("filtered");
        }).in("in2", "k", "x", 9));
        optimized(r, "merges in a row", o).dsl(b -> {
            final KStream<String, String> m = swap(b.stream("in", STRINGS));
            count(m.merge(b.stream("in2", STRINGS)).merge(b.stream("in3", STRINGS)), "one");
        });
        few(optimized(r, "a global table between", o).dsl(b -> {
            final GlobalKTable<String, String> g = b.globalTable("g", STRINGS);
            final KStream<String, String> m = swap(b.stream("in", STRINGS)).leftJoin(g, (k, v) -> v, PAIR);
            count(m, "one");
            count(m.filter((k, v) -> true), "two");
        }));
        optimized(r, "one filter, two counts", o).dsl(b -> {
            final KStream<String, String> f = swap(b.stream("in", STRINGS)).filter((k, v) -> true);
            count(f, "one");
            count(f, "two");
        });
    }
}
