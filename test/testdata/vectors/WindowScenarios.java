import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Windowed and session aggregations, emit strategies, cogroup. The translation is test/support/vectors/windows.ts. */
public class WindowScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();

    /** Of everything that a window can be given: several keys, late, out of order, equal times, null, deleted. */
    private static Recorder.Scenario inputs(final Recorder.Scenario s) {
        return s.in("in", "a", "A", 0).in("in", "a", "B", 4, "h", "1").in("in", "b", "C", 4).in("in", "a", "D", 12)
            .in("in", "a", "E", 7).in("in", "a", "F", 7, "h", "2").in("in", "a", null, 13).in("in", null, "N", 14)
            .in("in", "b", "G", 18).in("in", "a", "H", 11).in("in", "a", "del", 18).in("in", "a", "I", 9)
            .in("in", "b", "J", 3).in("in", "a", "K", 19).in("in", "c", "L", 27).in("in", "a", "M", 18, "h", "3")
            .in("in", "b", "O", 20).in("in", "c", "del", 27).in("in", "c", "P", 31).in("in", "a", "Q", 23)
            .in("in", "b", "R", 60, "h", "4").in("in", "a", "S", 41).in("in", "b", "T", 61).in("in", "d", "U", 100)
            .metric("dropped-records-total");
    }

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private interface Kind {
        KTable<Windowed<String>, ?> table(KGroupedStream<String, String> grouped, String op, EmitStrategy emit, Long retention);
    }

    private static String append(final String k, final String v, final String a) {
        return a + v;
    }

    private static String appendOrDelete(final String k, final String v, final String a) {
        return "del".equals(v) ? null : a + v;
    }

    private static String reduce(final String a, final String v) {
        return "del".equals(v) ? null : a + v;
    }

    private static <V> Materialized<String, V, WindowStore<Bytes, byte[]>> window(final Long retention) {
        final Materialized<String, V, WindowStore<Bytes, byte[]>> m = Materialized.as("w");
        return retention == null ? m : m.withRetention(ms(retention));
    }

    private static <V> Materialized<String, V, SessionStore<Bytes, byte[]>> session(final Long retention) {
        final Materialized<String, V, SessionStore<Bytes, byte[]>> m = Materialized.as("w");
        return retention == null ? m : m.withRetention(ms(retention));
    }

    private static Kind windowed(final Function<KGroupedStream<String, String>, TimeWindowedKStream<String, String>> windowed) {
        return (grouped, op, emit, retention) -> {
            TimeWindowedKStream<String, String> w = windowed.apply(grouped);
            if (emit != null) {
                w = w.emitStrategy(emit);
            }
            switch (op) {
                case "count":
                    return w.count(window(retention));
                case "reduce":
                    return w.reduce(WindowScenarios::reduce, window(retention));
                case "aggregate":
                    return w.<String>aggregate(() -> "", WindowScenarios::append, window(retention));
                default:
                    return w.<String>aggregate(() -> "", WindowScenarios::appendOrDelete, window(retention));
            }
        };
    }

    private static Kind time(final TimeWindows windows) {
        return windowed(g -> g.windowedBy(windows));
    }

    private static Kind sliding(final SlidingWindows windows) {
        return windowed(g -> g.windowedBy(windows));
    }

    private static Kind session(final SessionWindows windows) {
        return (grouped, op, emit, retention) -> {
            SessionWindowedKStream<String, String> w = grouped.windowedBy(windows);
            if (emit != null) {
                w = w.emitStrategy(emit);
            }
            final Merger<String, String> merger = (k, x, y) -> "(" + x + "|" + y + ")";
            switch (op) {
                case "count":
                    return w.count(session(retention));
                case "reduce":
                    return w.reduce(WindowScenarios::reduce, session(retention));
                case "aggregate":
                    return w.<String>aggregate(() -> "", WindowScenarios::append, merger, session(retention));
                default:
                    return w.<String>aggregate(() -> "", WindowScenarios::appendOrDelete, merger, session(retention));
            }
        };
    }

    private static Recorder.Scenario queries(final Recorder.Scenario s, final boolean sessions) {
        if (sessions) {
            return s.query("w", "fetch", "a").query("w", "fetch", "b").query("w", "findSessions", "a", 10L, 20L);
        }
        return s.query("w", "all").query("w", "fetch", "a", 0L, 20L).query("w", "fetchAll", 5L, 100L);
    }

    private void kind(final Recorder r, final String name, final Kind kind, final boolean closes) {
        final boolean sessions = name.startsWith("session");
        for (final String op : new String[] {"count", "reduce", "aggregate", "aggregate and delete"}) {
            queries(inputs(r.scenario(name + ": " + op).dsl(b ->
                kind.table(b.stream("in", STRINGS).groupByKey(), op, null, null).toStream().to("out"))), sessions);
        }
        for (final String op : new String[] {"reduce", "aggregate and delete"}) {
            queries(inputs(r.scenario(name + ": " + op + ", cached").config("statestore.cache.max.bytes", 1000000).dsl(b ->
                kind.table(b.stream("in", STRINGS).groupByKey(), op, null, null).toStream().to("out"))), sessions);
        }
        oldValues(r, name + ": old values", kind, 0);
        oldValues(r, name + ": old values, cached", kind, 1000000);
        if (!closes) {
            return;
        }
        for (final String op : new String[] {"count", "aggregate and delete"}) {
            inputs(r.scenario(name + ": " + op + ", on close").dsl(b ->
                kind.table(b.stream("in", STRINGS).groupByKey(), op, EmitStrategy.onWindowClose(), null).toStream().to("out")));
        }
        queries(inputs(r.scenario(name + ": aggregate, on close, retention 1000").dsl(b ->
            kind.table(b.stream("in", STRINGS).groupByKey(), "aggregate", EmitStrategy.onWindowClose(), 1000L)
                .toStream().to("out"))), sessions);
        inputs(r.scenario(name + ": reduce, on close, cached").config("statestore.cache.max.bytes", 1000000).dsl(b ->
            kind.table(b.stream("in", STRINGS).groupByKey(), "reduce", EmitStrategy.onWindowClose(), 1000L)
                .toStream().to("out")));
        r.scenario(name + ": on close, at most every 10 ms").config("__emit.interval.ms.kstreams.windowed.aggregation__", 10).dsl(b ->
            kind.table(b.stream("in", STRINGS).groupByKey(), "aggregate", EmitStrategy.onWindowClose(), 1000L)
                .toStream().to("out"))
            .in("in", "a", "A", 0).in("in", "a", "B", 40).wall(5).in("in", "b", "C", 80).wall(4).in("in", "a", "D", 2)
            .wall(1).in("in", "a", "E", 79).in("in", "b", "F", 120).wall(10).in("in", "b", "G", 1).wall(10).in("in", "b", "H", 120);
    }

    /** Somebody downstream needs the old values: the filter forwards no tombstone for what it never let through. */
    @SuppressWarnings("unchecked")
    private void oldValues(final Recorder r, final String name, final Kind kind, final int cache) {
        inputs(r.scenario(name).config("statestore.cache.max.bytes", cache).dsl(b -> {
            final KTable<Windowed<String>, String> t = (KTable<Windowed<String>, String>)
                kind.table(b.stream("in", STRINGS).groupByKey(), "aggregate and delete", null, null);
            t.groupBy((w, v) -> KeyValue.pair(w.key(), v)).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v,
                Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("g").withCachingDisabled()).toStream().to("out");
        }));
    }

    @Override
    public void define(final Recorder r) {
        kind(r, "tumbling 10 grace 5", time(TimeWindows.ofSizeAndGrace(ms(10), ms(5))), true);
        kind(r, "tumbling 7 grace 0", time(TimeWindows.ofSizeWithNoGrace(ms(7))), true);
        kind(r, "hopping 10/4 grace 3", time(TimeWindows.ofSizeAndGrace(ms(10), ms(3)).advanceBy(ms(4))), true);
        kind(r, "unlimited from 4", windowed(g -> g.windowedBy(UnlimitedWindows.of().startOn(Instant.ofEpochMilli(4)))), false);
        kind(r, "sliding 10 grace 4", sliding(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(4))), true);
        kind(r, "sliding 4 grace 30", sliding(SlidingWindows.ofTimeDifferenceAndGrace(ms(4), ms(30))), true);
        kind(r, "session 5 grace 0", session(SessionWindows.ofInactivityGapWithNoGrace(ms(5))), true);
        kind(r, "session 4 grace 9", session(SessionWindows.ofInactivityGapAndGrace(ms(4), ms(9))), true);
        kind(r, "session 0 grace 3", session(SessionWindows.ofInactivityGapAndGrace(ms(0), ms(3))), true);
        slidingOutOfOrder(r);
        names(r);
        cogroups(r);
        keys(r);
        gaps(r);
        downstream(r);
        stores(r);
    }

    private void slidingOutOfOrder(final Recorder r) {
        r.scenario("sliding 10 grace 50: the example of the documentation, then everything late").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(50)))
                .<String>aggregate(() -> "", WindowScenarios::append, Materialized.as("w")).toStream().to("out"))
            .in("in", "k", "A", 5).in("in", "k", "B", 10).in("in", "k", "C", 15).in("in", "k", "D", 20).in("in", "k", "E", 30)
            .in("in", "k", "F", 13).in("in", "k", "G", 3).in("in", "k", "H", 0).in("in", "k", "I", 9).in("in", "k", "J", 10)
            .in("in", "k", "K", 31).in("in", "k", "L", 29).in("in", "k", "M", 41).in("in", "k", "N", 19).in("in", "k", "O", 30)
            .in("in", "k", "P", 14).in("in", "k", "Q", 4).in("in", "k", "R", 16).in("in", "k", "S", 15).in("in", "k", "T", 75)
            .in("in", "k", "U", 14).in("in", "k", "V", 15).query("w", "all").metric("dropped-records-total");
        r.scenario("sliding 5 grace 5: early records backwards").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(5), ms(5)))
                .<String>aggregate(() -> "", WindowScenarios::append, Materialized.as("w")).toStream().to("out"))
            .in("in", "k", "A", 4).in("in", "k", "B", 2).in("in", "k", "C", 0).in("in", "k", "D", 1).in("in", "k", "E", 3)
            .in("in", "k", "F", 3).in("in", "k", "G", 5).in("in", "k", "H", 4).in("in", "k", "I", 6).in("in", "k", "J", 0)
            .in("in", "k", "K", 11).in("in", "k", "L", 1).in("in", "k", "M", 5).in("in", "k", "N", 6).query("w", "all")
            .metric("dropped-records-total");
    }

    private void names(final Recorder r) {
        r.scenario("windowed: everything named, repartitioned").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS)
                .groupBy((k, v) -> v, Grouped.<String, String>as("grp").withKeySerde(S).withValueSerde(S));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Named.as("c"), Materialized.as("cs")).toStream().to("c");
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).reduce((a, v) -> a + v, Named.as("r"), Materialized.as("rs"))
                .toStream().to("r");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10)))
                .aggregate(() -> "", WindowScenarios::append, (k, x, y) -> x + y, Named.as("a"), Materialized.as("as")).toStream().to("a");
            g.count(Named.as("all"), Materialized.as("alls")).toStream().to("all");
        }).in("in", "k", "x", 1).in("in", "k", "y", 2).in("in", "k", "x", 12).in("in", "k", null, 13);

        r.scenario("windowed: nothing named, repartitioned").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).selectKey((k, v) -> v).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count().toStream((w, n) -> w.key()).to("c", Produced.with(S, Serdes.Long()));
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).count(Materialized.with(S, Serdes.Long()));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.with(S, Serdes.Long()));
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count(Materialized.with(S, Serdes.Long()));
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).reduce((a, v) -> a + v).toStream((w, n) -> w.key()).to("r");
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).aggregate(() -> "", WindowScenarios::append)
                .toStream((w, n) -> w.key()).to("a");
        }).in("in", "k", "x", 1).in("in", "k", "y", 2).in("in", "k", "x", 12).in("in", "k", null, 13);

        r.scenario("windowed: named operators, unnamed stores").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Named.as("c"));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).reduce((a, v) -> a + v, Named.as("r"));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).aggregate(() -> "", WindowScenarios::append, Named.as("a"));
            g.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).count(Named.as("sc"));
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count(Named.as("ec"));
        });

        r.scenario("windowed: repartition named by the grouping, shared or not").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            final KGroupedStream<String, String> named = s.groupBy((k, v) -> v, Grouped.as("one"));
            named.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count();
            named.reduce((a, v) -> a + v);
            final KGroupedStream<String, String> unnamed = s.groupBy((k, v) -> v);
            unnamed.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count();
            unnamed.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).count(Materialized.as("given"));
        });

        r.scenario("windowed: repartition topics merged").config("topology.optimization", "all").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).selectKey((k, v) -> v).groupByKey(Grouped.with(S, S));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("c")).toStream().to("c");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count(Materialized.as("s")).toStream().to("s");
            g.count(Materialized.as("n")).toStream().to("n");
        }).in("in", "k", "x", 1).in("in", "k", "y", 2).in("in", "k", "x", 12);
    }

    private static Recorder.Scenario two(final Recorder.Scenario s) {
        return s.in("a", "k", "1", 1).in("b", "k", "2", 5).in("b", "k", "3", 12).in("a", "k", "4", 9).in("a", "k", "5", 20)
            .in("b", "k", "6", 8).in("a", "q", "7", 21).in("b", null, "8", 22).in("a", "k", null, 23).in("b", "q", "del", 24)
            .in("c", "k", "9", 25).in("c", "q", "10", 3).metric("dropped-records-total");
    }

    private static CogroupedKStream<String, String> cogrouped(final StreamsBuilder b) {
        final KGroupedStream<String, String> one = b.stream("a", STRINGS).groupByKey();
        final KGroupedStream<String, String> two = b.stream("b", STRINGS).groupByKey();
        final KGroupedStream<String, String> three = b.stream("c", STRINGS).groupBy((k, v) -> k);
        return one.<String>cogroup((k, v, agg) -> agg + v)
            .cogroup(two, (k, v, agg) -> "del".equals(v) ? null : agg + "/" + v)
            .cogroup(three, (k, v, agg) -> agg + "!" + v);
    }

    private void cogroups(final Recorder r) {
        for (final int cache : new int[] {0, 1000000}) {
            final String suffix = cache == 0 ? "" : ", cached";
            two(r.scenario("cogroup of three: plain" + suffix).config("statestore.cache.max.bytes", cache).dsl(b ->
                cogrouped(b).aggregate(() -> "", Materialized.as("w")).toStream().to("out"))).query("w", "all");
            two(r.scenario("cogroup of three: hopping" + suffix).config("statestore.cache.max.bytes", cache).dsl(b ->
                cogrouped(b).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5)).advanceBy(ms(5)))
                    .aggregate(() -> "", Materialized.<String, String, WindowStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S))
                    .toStream().to("out"))).query("w", "all");
            two(r.scenario("cogroup of three: sliding" + suffix).config("statestore.cache.max.bytes", cache).dsl(b ->
                cogrouped(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(5), ms(10)))
                    .aggregate(() -> "", Materialized.<String, String, WindowStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S))
                    .toStream().to("out"))).query("w", "all");
            two(r.scenario("cogroup of three: session" + suffix).config("statestore.cache.max.bytes", cache).dsl(b ->
                cogrouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(4), ms(10)))
                    .aggregate(() -> "", (k, x, y) -> "(" + x + "|" + y + ")",
                        Materialized.<String, String, SessionStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S))
                    .toStream().to("out"))).query("w", "fetch", "k");
        }
        r.scenario("cogroup of one, old values").dsl(b ->
            b.stream("a", STRINGS).groupByKey().<String>cogroup((k, v, agg) -> agg + v)
                .aggregate(() -> "", Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S))
                .groupBy((k, v) -> KeyValue.pair(v.substring(0, Math.min(1, v.length())), v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Materialized.as("g")).toStream().to("out"))
            .in("a", "k", "1", 1).in("a", "q", "1", 2).in("a", "k", "2", 3).in("a", "q", null, 4);
        r.scenario("cogroup: names generated and given").dsl(b -> {
            final KGroupedStream<String, String> one = b.stream("a", STRINGS).groupBy((k, v) -> v);
            final KGroupedStream<String, String> two = b.stream("b", STRINGS).groupBy((k, v) -> v, Grouped.as("two"));
            final KGroupedStream<String, String> three = b.stream("c", STRINGS).groupByKey();
            final CogroupedKStream<String, String> c = one.<String>cogroup((k, v, agg) -> agg + v)
                .cogroup(two, (k, v, agg) -> agg + v).cogroup(three, (k, v, agg) -> agg + v);
            c.aggregate(() -> "").toStream().to("o1");
            c.aggregate(() -> "", Named.as("named")).toStream().to("o2");
            c.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).aggregate(() -> "");
            c.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).aggregate(() -> "", (k, x, y) -> x + y, Named.as("sess"));
            c.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).aggregate(() -> "", Named.as("slide"),
                Materialized.<String, String, WindowStore<Bytes, byte[]>>as("given").withKeySerde(S).withValueSerde(S));
        });
        r.scenario("cogroup: the same grouping twice, the last aggregator counts").dsl(b -> {
            final KGroupedStream<String, String> one = b.stream("a", STRINGS).groupByKey();
            one.<String>cogroup((k, v, agg) -> agg + v).cogroup(one, (k, v, agg) -> agg + "*" + v)
                .aggregate(() -> "", Materialized.as("w")).toStream().to("out");
        }).in("a", "k", "1", 1).in("a", "k", "2", 2);
        r.scenario("cogroup: groupings of one topic").dsl(b -> {
            final KStream<String, String> s = b.stream("a", STRINGS);
            s.groupByKey().<String>cogroup((k, v, agg) -> agg + v).cogroup(s.groupBy((k, v) -> v), (k, v, agg) -> agg + "*" + v)
                .aggregate(() -> "", Materialized.as("w")).toStream().to("out");
        }).in("a", "k", "1", 1).in("a", "1", "k", 2).in("a", "k", "k", 3);
    }

    private void keys(final Recorder r) {
        r.scenario("windowed keys: through repartition topics and tables").dsl(b -> {
            final KTable<Windowed<String>, Long> w = b.stream("in", STRINGS).groupByKey()
                .windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w"));
            w.toStream().filter((k, v) -> true).repartition(Repartitioned.<Windowed<String>, Long>as("rp")
                .withKeySerde(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10)).withValueSerde(Serdes.Long())).to("out",
                    Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10), Serdes.Long()));
            w.toStream().groupByKey(Grouped.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10), Serdes.Long()))
                .count(Materialized.as("again")).toStream().to("again");
        }).in("in", "a", "x", 1).in("in", "a", "x", 12).in("in", "b", "x", 13);

        r.scenario("windowed keys: long and int keys").dsl(b -> {
            b.stream("in", Consumed.with(Serdes.Long(), Serdes.Integer())).groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(ms(1000), ms(0)).advanceBy(ms(500)))
                .reduce(Integer::sum, Materialized.as("w")).toStream().to("out");
            b.stream("in2", Consumed.with(Serdes.Integer(), S)).groupByKey()
                .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(1000))).count(Materialized.as("s")).toStream().to("out2");
        }).in("in", 1L, 5, 1700000000000L).in("in", -1L, 6, 1700000000400L).in("in", 1L, 7, 1700000000600L)
            .in("in2", 7, "x", 1700000000000L).in("in2", -7, "x", 1700000000900L).in("in2", 7, "x", 1700000001000L);
    }

    private void gaps(final Recorder r) {
        for (final long grace : new long[] {0, 5, 12}) {
            r.scenario("on close, tumbling 10 grace " + grace + ": gaps in time").dsl(b ->
                b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(grace)))
                    .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out"))
                .in("in", "a", "x", 0).in("in", "b", "x", 3).in("in", "a", "x", 10).in("in", "a", "x", 11).in("in", "a", "x", 15)
                .in("in", "a", "x", 24).in("in", "c", "x", 25).in("in", "c", "x", 26).in("in", "a", "x", 35).in("in", "a", "x", 100)
                .in("in", "b", "x", 99).in("in", "b", "x", 110).in("in", "b", "x", 111).in("in", "b", "x", 127).metric("dropped-records-total");
        }
        r.scenario("on close, sliding 5 grace 2: gaps in time").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(5), ms(2)))
                .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out"))
            .in("in", "a", "x", 1).in("in", "b", "x", 6).in("in", "a", "x", 8).in("in", "a", "x", 9).in("in", "a", "x", 14)
            .in("in", "a", "x", 40).in("in", "a", "x", 41).in("in", "b", "x", 60).in("in", "b", "x", 3).in("in", "b", "x", 70);
        r.scenario("on close, session 5 grace 2: gaps in time, late bridges").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(2)))
                .emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("w")).toStream().to("out"))
            .in("in", "a", "x", 1).in("in", "b", "x", 6).in("in", "a", "x", 8).in("in", "a", "x", 9).in("in", "a", "x", 12)
            .in("in", "a", "x", 7).in("in", "a", "x", 40).in("in", "a", "x", 34).in("in", "b", "x", 60).in("in", "b", "x", 53)
            .in("in", "b", "x", 70);
    }

    private void downstream(final Recorder r) {
        for (final int cache : new int[] {0, 1000000}) {
            final String suffix = cache == 0 ? "" : ", cached";
            r.scenario("windowed tables: joined, filtered, mapped" + suffix).config("statestore.cache.max.bytes", cache).dsl(b -> {
                final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
                final TimeWindowedKStream<String, String> w = g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5)));
                final KTable<Windowed<String>, Long> n = w.count(Materialized.as("n"));
                final KTable<Windowed<String>, String> t = w.reduce((a, v) -> a + v, Materialized.as("t"));
                n.join(t, PAIR).toStream((k, v) -> k.key() + k.window().start()).to("joined");
                t.filter((k, v) -> v.length() > 1).mapValues(v -> v + "!").toStream((k, v) -> k.key() + k.window().start()).to("mapped");
            }).in("in", "a", "A", 0).in("in", "b", "B", 5).in("in", "a", "C", 9).in("in", "a", "D", 12).in("in", "a", "E", 6)
                .in("in", "b", "F", 30).in("in", "a", "G", 11);
            r.scenario("session tables: joined with themselves, grouped" + suffix).config("statestore.cache.max.bytes", cache).dsl(b -> {
                final SessionWindowedKStream<String, String> w = b.stream("in", STRINGS).groupByKey()
                    .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5)));
                final KTable<Windowed<String>, Long> n = w.count(Materialized.as("n"));
                final KTable<Windowed<String>, String> t = w.reduce((a, v) -> a + v, Materialized.as("t"));
                n.outerJoin(t, PAIR).toStream((k, v) -> k.key() + k.window().start() + "-" + k.window().end()).to("joined");
                t.groupBy((k, v) -> KeyValue.pair(k.key(), v)).count(Materialized.as("c")).toStream().to("sessions");
            }).in("in", "a", "A", 0).in("in", "b", "B", 5).in("in", "a", "C", 9).in("in", "a", "D", 5).in("in", "a", "E", 15)
                .in("in", "b", "F", 30).in("in", "a", "G", 26);
        }
    }

    private void stores(final Recorder r) {
        r.scenario("windowed: store suppliers").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10)))
                .count(Materialized.<String, Long>as(Stores.inMemoryWindowStore("w", ms(50), ms(10), false))).toStream().to("w");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10)))
                .count(Materialized.<String, Long>as(Stores.inMemorySessionStore("s", ms(50)))).toStream().to("s");
        }).in("in", "a", "x", 0).in("in", "a", "x", 12).in("in", "b", "x", 12).in("in", "a", "x", 70).query("w", "all")
            .query("s", "fetch", "a");
        r.scenario("windowed: without changelog, without cache").config("statestore.cache.max.bytes", 1000000).dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10)))
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("w").withLoggingDisabled()).toStream().to("w");
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10)))
                .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("s").withCachingDisabled()).toStream().to("s");
        }).in("in", "a", "x", 0).in("in", "a", "x", 5).in("in", "b", "x", 12).in("in", "a", "x", 13);
        r.scenario("windowed: retention longer than needed").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10)))
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("w").withRetention(ms(30))).toStream().to("w");
        }).in("in", "a", "x", 0).in("in", "a", "x", 15).in("in", "b", "x", 25).query("w", "all").in("in", "a", "x", 39)
            .query("w", "all").in("in", "a", "x", 41).query("w", "all").in("in", "a", "x", 60).query("w", "all")
            .query("w", "fetch", "a", 0L, 100L);
        r.scenario("error: sliding retention too short").dsl(b -> b.stream("in", STRINGS).groupByKey()
            .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(5)))
            .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("w").withRetention(ms(24))).toStream().to("out"));
        r.scenario("error: advance of zero").dsl(b -> TimeWindows.ofSizeWithNoGrace(ms(10)).advanceBy(ms(0)));
        r.scenario("error: negative grace").dsl(b -> TimeWindows.ofSizeAndGrace(ms(10), ms(-1)));
        r.scenario("error: negative gap").dsl(b -> SessionWindows.ofInactivityGapWithNoGrace(ms(-1)));
    }
}
