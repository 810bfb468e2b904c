import java.time.Duration;
import java.util.Arrays;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Joins of streams with tables: null rules, repartition topics, derived tables, versioned tables, grace. */
public class StreamTableScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> as(final String name) {
        return Materialized.as(name);
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> versioned(final String name, final long history) {
        return Materialized.as(Stores.persistentVersionedKeyValueStore(name, ms(history)));
    }

    private static <V, VO, R> KStream<String, R> join(final boolean left, final KStream<String, V> s, final KTable<String, VO> t,
                                                      final ValueJoiner<? super V, ? super VO, R> joiner,
                                                      final Joined<String, V, VO> joined) {
        return left ? s.leftJoin(t, joiner, joined) : s.join(t, joiner, joined);
    }

    /** What the record context says: topic, offset, timestamp and the number of headers. */
    static final class Where extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> r) {
            final RecordMetadata m = context().recordMetadata().get();
            context().forward(r.withValue(r.value() + " " + m.topic() + " " + m.offset() + " " + r.timestamp() + " "
                + context().currentStreamTimeMs()));
        }
    }

    /** Updates and lookups in and out of order, of several keys, with nulls everywhere. */
    private static Recorder.Scenario all(final Recorder.Scenario s) {
        return s.in("S", "k", "early", 1).in("T", "k", "a", 2).in("S", "k", "s3", 3).in("S", "q", "other", 3)
            .in("T", "q", "b", 3).in("S", "q", "s3b", 3).in("S", null, "nokey", 4).in("S", "k", null, 5).in("S", null, null, 5)
            .in("T", null, "nokey", 6).in("T", "k", "c", 10).in("S", "k", "late", 1).in("T", "k", "older", 5)
            .in("S", "k", "s11", 11).in("T", "k", null, 12).in("S", "k", "gone", 13).in("T", "k", null, 14)
            .in("T", "k", "x", 7).in("S", "k", "s6", 6).in("S", "", "empty", 15).in("T", "", "", 16).in("S", "", "", 16)
            .metric("dropped-records-total");
    }

    @Override
    public void define(final Recorder r) {
        for (final boolean left : new boolean[] {false, true}) {
            plain(r, left, left ? "left" : "inner");
            derived(r, left, left ? "left" : "inner");
            views(r, left, left ? "left" : "inner");
            repartitioned(r, left, left ? "left" : "inner");
            versioned(r, left, left ? "left" : "inner");
            grace(r, left, left ? "left" : "inner");
        }
        nullKeys(r);
        topics(r);
        results(r);
        versionedTables(r);
        errors(r);
    }

    private void plain(final Recorder r, final boolean left, final String kind) {
        all(r.scenario("stream-table " + kind + ": nulls, late and out-of-order records").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out")));
        all(r.scenario("stream-table " + kind + ": materialized table").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, as("t")), PAIR, Joined.with(S, S, S)).to("out")))
            .query("t", "all");
        all(r.scenario("stream-table " + kind + ": cached table").config("statestore.cache.max.bytes", 100000).dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, as("t"));
            join(left, b.stream("S", STRINGS), t, PAIR, Joined.with(S, S, S)).to("out");
            t.toStream().to("updates");
        })).query("t", "all");
        all(r.scenario("stream-table " + kind + ": joiner with key, named").dsl(b -> {
            final ValueJoinerWithKey<String, String, String, String> joiner = (k, v, t) -> k + ":" + v + "/" + t;
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, String> t = b.table("T", STRINGS);
            (left ? s.leftJoin(t, joiner, Joined.as("lookup")) : s.join(t, joiner, Joined.as("lookup"))).to("out");
        }));
        r.scenario("stream-table " + kind + ": two tables, one after the other").dsl(b -> {
            final KStream<String, String> one = join(left, b.stream("S", STRINGS), b.table("T", STRINGS), PAIR, Joined.with(S, S, S));
            join(left, one, b.table("U", STRINGS), PAIR, Joined.with(S, S, S)).to("out");
        }).in("S", "k", "1", 1).in("T", "k", "t", 2).in("S", "k", "2", 3).in("U", "k", "u", 4).in("S", "k", "3", 5)
            .in("T", "k", null, 6).in("S", "k", "4", 7).in("S", null, "5", 8).metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": table of the stream's own topic's count").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, Long> n = s.groupByKey().count();
            join(left, s, n, PAIR, Joined.with(S, S, Serdes.Long())).to("out");
        }).in("S", "k", "1", 1).in("S", "k", "2", 2).in("S", "q", "3", 3).in("S", null, "4", 4).in("S", "k", null, 5)
            .metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": headers and timestamps are the stream's").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out"))
            .in("T", "k", "t", 100, "table", "1").in("S", "k", "s", 5, "h", "x", "h", null).in("S", "q", "s", 6, "only", "");
        r.scenario("stream-table " + kind + ": joiner returns null").dsl(b -> {
            final KStream<String, String> j = join(left, b.stream("S", STRINGS), b.table("T", STRINGS),
                (v, t) -> "drop".equals(v) ? null : v + t, Joined.with(S, S, S));
            j.to("out");
            j.groupByKey().count(Materialized.as("n")).toStream().to("counts");
        }).in("T", "k", "t", 1).in("S", "k", "a", 2).in("S", "k", "drop", 3).in("S", "k", "b", 4).in("S", "q", "drop", 5)
            .metric("dropped-records-total");
    }

    private void derived(final Recorder r, final boolean left, final String kind) {
        all(r.scenario("stream-table " + kind + ": filtered table, not stored").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS).filter((k, v) -> !v.equals("c")), PAIR,
                Joined.with(S, S, S)).to("out")));
        all(r.scenario("stream-table " + kind + ": filtered table, stored").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS).filterNot((k, v) -> v.equals("c"), as("f")), PAIR,
                Joined.with(S, S, S)).to("out"))).query("f", "all");
        all(r.scenario("stream-table " + kind + ": mapped and filtered table, the source stored").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, as("t")).mapValues((k, v) -> v.equals("older") ? null : k + v)
                .filter((k, v) -> !v.endsWith("c")).mapValues(v -> v + "!"), PAIR, Joined.with(S, S, S)).to("out")));
        all(r.scenario("stream-table " + kind + ": toTable of a stream").dsl(b ->
            join(left, b.stream("S", STRINGS), b.stream("T", STRINGS).toTable(), PAIR, Joined.with(S, S, S)).to("out")));
        all(r.scenario("stream-table " + kind + ": toTable of a stream with a new key").dsl(b ->
            join(left, b.stream("S", STRINGS), b.stream("T", STRINGS).selectKey((k, v) -> k).toTable(Materialized.with(S, S)), PAIR,
                Joined.with(S, S, S)).to("out")));
        r.scenario("stream-table " + kind + ": reduced and mapped table, cached").config("statestore.cache.max.bytes", 100000).dsl(b ->
            join(left, b.stream("S", STRINGS), b.stream("T", STRINGS).groupByKey().reduce((a, v) -> a + v).mapValues(v -> "<" + v + ">"),
                PAIR, Joined.with(S, S, S)).to("out"))
            .in("T", "k", "a", 5).in("S", "k", "1", 1).in("T", "k", "b", 2).in("S", "k", "2", 3).in("S", "q", "3", 4);
        r.scenario("stream-table " + kind + ": the table's own updates").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            join(left, t.toStream(), t, PAIR, Joined.with(S, S, S)).to("out");
        }).in("T", "k", "a", 1).in("T", "k", "b", 2).in("T", "k", null, 3).in("T", "k", "c", 1)
            .metric("dropped-records-total");
    }

    /** Tables that no store of their own holds, and windowed ones. */
    private void views(final Recorder r, final boolean left, final String kind) {
        for (final String how : new String[] {"inner", "left", "outer"}) {
            both(r.scenario("stream-table " + kind + ": " + how + " join of two tables, not stored").dsl(b -> {
                final KStream<String, String> s = b.stream("S", STRINGS);
                final KTable<String, String> t = tableJoin(how, b.table("T", STRINGS), b.table("U", STRINGS), null);
                join(left, s, t, PAIR, Joined.with(S, S, S)).to("out");
            }));
            both(r.scenario("stream-table " + kind + ": " + how + " join of two tables, stored").dsl(b -> {
                final KStream<String, String> s = b.stream("S", STRINGS);
                final KTable<String, String> t = tableJoin(how, b.table("T", STRINGS), b.table("U", STRINGS), as("j"));
                join(left, s, t.mapValues(v -> v + "!"), PAIR, Joined.with(S, S, S)).to("out");
            })).query("j", "all");
        }
        r.scenario("stream-table " + kind + ": grouped table").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, Long> t = b.table("T", STRINGS).groupBy((k, v) -> KeyValue.pair(v, v), Grouped.with(S, S)).count();
            join(left, s, t, PAIR, Joined.with(S, S, Serdes.Long())).to("out");
        }).in("T", "k", "a", 1).in("T", "q", "a", 2).in("S", "a", "1", 3).in("T", "k", null, 4).in("S", "a", "2", 5).in("S", "b", "3", 6);
        r.scenario("stream-table " + kind + ": windowed count, joined by its own updates").dsl(b -> {
            final KTable<Windowed<String>, Long> t = b.stream("T", STRINGS).groupByKey()
                .windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w"));
            final KStream<Windowed<String>, Long> s = t.toStream();
            (left ? s.leftJoin(t, PAIR) : s.join(t, PAIR)).selectKey((k, v) -> k.key() + k.window().start()).to("out", Produced.with(S, S));
        }).in("T", "k", "a", 1).in("T", "k", "b", 5).in("T", "q", "c", 12).in("T", "k", "d", 3).in("T", "k", "e", 13);
        r.scenario("stream-table " + kind + ": session count, joined by its own updates").dsl(b -> {
            final KTable<Windowed<String>, Long> t = b.stream("T", STRINGS).groupByKey()
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(10))).count(Materialized.as("w"));
            final KStream<Windowed<String>, Long> s = t.toStream();
            (left ? s.leftJoin(t, PAIR) : s.join(t, PAIR)).selectKey((k, v) -> k.key() + k.window().start()).to("out", Produced.with(S, S));
        }).in("T", "k", "a", 1).in("T", "k", "b", 5).in("T", "q", "c", 12).in("T", "k", "d", 3).in("T", "k", "e", 13);
        r.scenario("stream-table " + kind + ": suppressed table").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, String> t = b.table("T", STRINGS)
                .suppress(Suppressed.untilTimeLimit(ms(10), Suppressed.BufferConfig.unbounded()));
            join(left, s, t, PAIR, Joined.with(S, S, S)).to("out");
        }).in("T", "k", "a", 1).in("S", "k", "1", 2).in("T", "k", "b", 5).in("S", "k", "2", 6).in("T", "q", "x", 11).in("S", "k", "3", 12)
            .in("T", "k", "c", 13).in("S", "k", "4", 14).in("T", "k", null, 15).in("S", "k", "5", 16).in("T", "q", "y", 40).in("S", "k", "6", 41);
        r.scenario("stream-table " + kind + ": foreign-key join").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, String> t = b.table("T", STRINGS).join(b.table("U", STRINGS), v -> v, PAIR);
            join(left, s, t, PAIR, Joined.with(S, S, S)).to("out");
        }).in("U", "a", "A", 1).in("T", "k", "a", 2).in("S", "k", "1", 3).in("U", "a", "B", 4).in("S", "k", "2", 5).in("T", "k", null, 6)
            .in("S", "k", "3", 7);
    }

    private static Recorder.Scenario both(final Recorder.Scenario s) {
        return s.in("S", "k", "1", 1).in("T", "k", "a", 2).in("S", "k", "2", 3).in("U", "k", "x", 10).in("S", "k", "3", 4)
            .in("T", "k", null, 5).in("S", "k", "4", 6).in("T", "k", "b", 1).in("S", "k", "5", 7).in("U", "k", null, 2).in("S", "k", "6", 8)
            .in("T", null, "n", 9).in("S", null, "7", 9).in("S", "q", "8", 9).metric("dropped-records-total");
    }

    private void repartitioned(final Recorder r, final boolean left, final String kind) {
        r.scenario("stream-table " + kind + ": new key").dsl(b ->
            join(left, b.stream("S", STRINGS).selectKey((k, v) -> v.startsWith("-") ? null : v.substring(0, 1)), b.table("T", STRINGS),
                PAIR, Joined.with(S, S, S)).to("out"))
            .in("T", "a", "A", 1).in("S", "k", "a1", 2).in("S", "k", "b1", 3).in("S", "k", "-", 4).in("S", null, "a2", 1)
            .in("T", "a", null, 5).in("S", "k", "a3", 6).metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": map, the join named").dsl(b ->
            join(left, b.stream("S", STRINGS).map((k, v) -> KeyValue.pair(v, k)), b.table("T", Consumed.with(S, S).withName("tbl")),
                PAIR, Joined.with(S, S, S, "lookup")).to("out"))
            .in("T", "a", "A", 1).in("S", "k", "a", 2).in("S", null, "a", 3).in("S", "k", null, 4)
            .metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": new key that is a number").dsl(b -> {
            final KTable<Integer, String> t = b.table("T", Consumed.with(Serdes.Integer(), S));
            final KStream<Integer, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.length());
            final Joined<Integer, String, String> joined = Joined.with(Serdes.Integer(), S, null);
            final KStream<Integer, String> j = left ? s.leftJoin(t, PAIR, joined) : s.join(t, PAIR, joined);
            j.to("out");
            j.groupByKey(Grouped.with(Serdes.Integer(), S)).count().toStream().to("counts");
        }).in("T", 3, "three", 1).in("S", "k", "abc", 2).in("S", "k", "ab", 3);
        r.scenario("stream-table " + kind + ": two joins of one stream with a new key").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1));
            join(left, s, b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out");
            join(left, s, b.table("U", STRINGS), PAIR, Joined.with(S, S, S)).to("out2");
        }).in("T", "a", "A", 1).in("U", "a", "B", 1).in("S", "k", "a1", 2);
        r.scenario("stream-table " + kind + ": a named and an unnamed join of one stream with a new key").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1));
            join(left, s, b.table("T", STRINGS), PAIR, Joined.with(S, S, S, "one")).to("out");
            join(left, s, b.table("U", STRINGS), PAIR, Joined.with(S, S, S)).to("out2");
            join(left, s, b.table("V", STRINGS), PAIR, Joined.with(S, S, S, "three")).to("out3");
            join(left, s, b.table("W", STRINGS), PAIR, Joined.with(S, S, S)).to("out4");
        }).in("T", "a", "A", 1).in("U", "a", "B", 1).in("V", "a", "C", 1).in("W", "a", "D", 1).in("S", "k", "a1", 2);
        r.scenario("stream-table " + kind + ": an unnamed and a named join of one stream with a named new key").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1), Named.as("by-first"));
            join(left, s, b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out");
            join(left, s, b.table("U", STRINGS), PAIR, Joined.with(S, S, S, "two")).to("out2");
        }).in("T", "a", "A", 1).in("U", "a", "B", 1).in("S", "k", "a1", 2);
        r.scenario("stream-table " + kind + ": new key, two joins in a row").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1));
            final KStream<String, String> one = join(left, s, b.table("T", STRINGS), PAIR, Joined.with(S, S, S));
            join(left, one.selectKey((k, v) -> v.substring(1, 3)), b.table("U", STRINGS), PAIR, Joined.with(S, S, S)).to("out");
        }).in("T", "a", "A", 1).in("U", "a1", "B", 1).in("S", "k", "a1", 2).in("S", "k", "b2", 3);
        r.scenario("stream-table " + kind + ": optimized, new key").config("topology.optimization", "all").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1));
            join(left, s, b.table("T", STRINGS, as("t")), PAIR, Joined.with(S, S, S)).to("out");
            s.groupByKey().count(Materialized.as("n")).toStream().to("counts");
        }).in("T", "a", "A", 1).in("S", "k", "a1", 2).in("S", "k", "b2", 3).query("t", "all");
    }

    private void versioned(final Recorder r, final boolean left, final String kind) {
        all(r.scenario("stream-table " + kind + ": versioned table").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR, Joined.with(S, S, S)).to("out")))
            .query("vt", "get", "k").query("vt", "asOf", "k", 6L).query("vt", "asOf", "k", 2L).query("vt", "asOf", "q", 2L);
        all(r.scenario("stream-table " + kind + ": versioned table, derived").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)).filter((k, v) -> !v.equals("c"))
                .mapValues(v -> v + "!"), PAIR, Joined.with(S, S, S)).to("out")));
        all(r.scenario("stream-table " + kind + ": versioned table, filtered and stored without versions").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)).filter((k, v) -> !v.equals("c"), as("f")),
                PAIR, Joined.with(S, S, S)).to("out"))).query("f", "all");
        all(r.scenario("stream-table " + kind + ": table, filtered and stored with versions").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS).filter((k, v) -> !v.equals("c"), versioned("f", 100)),
                PAIR, Joined.with(S, S, S)).to("out"))).query("f", "asOf", "k", 3L).query("f", "get", "k");
        r.scenario("stream-table " + kind + ": history of the versioned table is short").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 10)), PAIR, Joined.with(S, S, S)).to("out"))
            .in("T", "k", "t0", 0).in("T", "k", "t5", 5).in("S", "k", "s3", 3).in("T", "k", "t20", 20).in("S", "k", "s3", 3)
            .in("S", "k", "s9", 9).in("S", "k", "s10", 10).in("S", "k", "s19", 19).in("T", "k", "t9", 9).in("T", "k", "t10", 10)
            .in("S", "k", "s12", 12).in("T", "q", "q9", 9).in("T", "q", "q10", 10).in("S", "q", "s10", 10).in("S", "q", "s9", 9)
            .query("vt", "asOf", "k", 10L).metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": versioned count of the stream's own topic").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, Long> n = s.groupByKey().count(
                Materialized.<String, Long>as(Stores.persistentVersionedKeyValueStore("vn", ms(100))).withKeySerde(S)
                    .withValueSerde(Serdes.Long()));
            n.toStream().to("counts");
            join(left, s, n, PAIR, Joined.with(S, S, Serdes.Long())).to("out");
        }).in("S", "k", "1", 10).in("S", "k", "2", 5).in("S", "k", "3", 20).in("S", "k", "4", 15).in("S", "q", "5", 1);
    }

    private void grace(final Recorder r, final boolean left, final String kind) {
        r.scenario("stream-table " + kind + ": grace 10, in order and late").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"))
            .in("T", "k", "t0", 0).in("S", "k", "s5", 5).in("S", "q", "q5", 5).in("T", "k", "t10", 10).in("S", "k", "s12", 12)
            .in("T", "k", "t4", 4).in("S", "k", "s15", 15).in("S", "k", "s16", 16).in("S", "k", "s6", 6).in("S", "k", "s5b", 5)
            .in("S", "k", "s30", 30).in("S", "k", "s20", 20).in("S", "k", "s19", 19).in("T", "k", null, 25).in("T", "q", "q", 26)
            .in("S", "k", "s60", 60).in("S", "q", "s60", 60).in("S", "a", "s60", 60).in("S", "k", "s60again", 60).in("S", "k", "s90", 90)
            .in("S", "k", "s200", 200).metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": grace 0").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(0))).to("out"))
            .in("T", "k", "t0", 0).in("S", "k", "s5", 5).in("S", "k", "s4", 4).in("S", "k", "s5b", 5).in("S", "q", "s6", 6);
        r.scenario("stream-table " + kind + ": grace 10, null value and timestamps below the grace").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S, "named", ms(10))).to("out"))
            .in("T", "k", "t0", 0).in("S", "k", "s0", 0).in("S", "k", null, 50).in("S", "k", "s3", 3).in("S", "k", "s10", 10)
            .in("S", "k", "s13", 13).in("S", "k", "s14", 14).metric("dropped-records-total");
        r.scenario("stream-table " + kind + ": grace 10, where the records came from").dsl(b ->
            join(left, b.stream(Arrays.asList("S", "S2"), STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).process(Where::new).to("out"))
            .in("T", "k", "t0", 0, "table", "x").in("S", "k", "s5", 5, "h", "1", "n", null).in("S2", "k", "s6", 6)
            .in("S", "k", "s10", 10, "h", "2").in("S", "k", "s20", 20, "h", "3").in("S2", "é", "s40", 40, "é", "ü").in("S", "k", "s60", 60)
            .in("S", "k", "s1", 1, "late", "");
        r.scenario("stream-table " + kind + ": grace 10, a record without a key").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S, "named", ms(10))).to("out"))
            .in("T", "k", "t", 1).in("S", "k", "s", 2).in("S", null, null, 3).metric("dropped-records-total").in("S", null, "n", 4);
        r.scenario("stream-table " + kind + ": grace 10, cached everything").config("statestore.cache.max.bytes", 100000).dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS);
            final KTable<String, String> t = b.table("T", STRINGS, versioned("vt", 100).withCachingEnabled());
            join(left, s, t, PAIR, Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10)))
                .groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("out");
        }).in("T", "k", "t", 1).in("S", "k", "s", 2).in("S", "k", "s3", 3).in("S", "q", "s4", 4).in("S", "k", "s20", 20).in("S", "k", "s5", 5)
            .in("S", "k", "s40", 40).query("n", "all");
        r.scenario("stream-table " + kind + ": grace 10 twice, one join after the other").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, versioned("vt", 100));
            final Joined<String, String, String> joined = Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10));
            join(left, join(left, b.stream("S", STRINGS), t, PAIR, joined), t, PAIR, joined).process(Where::new).to("out");
        }).in("T", "k", "t", 1).in("S", "k", "s2", 2, "h", "1").in("S", "k", "s12", 12).in("T", "k", "t11", 11).in("S", "k", "s22", 22)
            .in("S", "k", "s11", 11).in("S", "k", "s30", 30).in("S", "k", "s50", 50).in("S", "k", "s100", 100).in("S", "k", "s200", 200);
        r.scenario("stream-table " + kind + ": grace 10 after a new key").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1));
            join(left, s, b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S, "lookup", ms(10))).to("out");
        }).in("T", "a", "A", 1).in("S", "k", "a1", 2).in("S", "k", "b2", 3).in("S", "k", "c3", 13).in("S", "k", "a4", 14);
        r.scenario("stream-table " + kind + ": grace 5 of a derived versioned table").dsl(b ->
            join(left, b.stream("S", STRINGS), b.table("T", STRINGS, versioned("vt", 100)).mapValues(v -> v + "!"), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(5))).to("out"))
            .in("T", "k", "a", 1).in("S", "k", "1", 1).in("T", "k", "b", 3).in("S", "k", "2", 3).in("S", "k", "3", 8).in("S", "k", "4", 9);
        r.scenario("stream-table " + kind + ": grace 10 of a versioned count").dsl(b -> {
            final KTable<String, Long> n = b.stream("T", STRINGS).groupByKey().count(
                Materialized.<String, Long>as(Stores.persistentVersionedKeyValueStore("vn", ms(100))).withKeySerde(S)
                    .withValueSerde(Serdes.Long()));
            join(left, b.stream("S", STRINGS), n, PAIR,
                Joined.<String, String, Long>with(S, S, Serdes.Long()).withGracePeriod(ms(10))).to("out");
        }).in("T", "k", "a", 1).in("S", "k", "1", 2).in("T", "k", "b", 2).in("S", "k", "2", 12).in("T", "k", "c", 5)
            .in("S", "k", "3", 22).in("S", "k", "4", 33);
    }

    /** Records without a key reach a left join, through every repartition topic above it. */
    private void nullKeys(final Recorder r) {
        r.scenario("null keys: two repartition topics above a left join").dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> k).repartition(Repartitioned.as("r")).selectKey((k, v) -> k)
                .leftJoin(b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out"))
            .in("S", null, "a", 1).in("S", "k", "b", 2).metric("dropped-records-total");
        r.scenario("null keys: a left and an inner join behind one repartition topic").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> k);
            final KTable<String, String> t = b.table("T", STRINGS);
            s.join(t, PAIR, Joined.with(S, S, S)).to("inner");
            s.leftJoin(t, PAIR, Joined.with(S, S, S)).to("left");
        }).in("T", "k", "t", 0).in("S", null, "a", 1).in("S", "k", "b", 2).metric("dropped-records-total");
        r.scenario("null keys: a left join and an aggregation behind one stream").dsl(b -> {
            final KStream<String, String> s = b.stream("S", STRINGS).selectKey((k, v) -> k);
            s.leftJoin(b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("left");
            s.groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("counts");
        }).in("T", "k", "t", 0).in("S", null, "a", 1).in("S", "k", "b", 2).metric("dropped-records-total");
        r.scenario("null keys: an aggregation whose result is joined").dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> k).groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream()
                .leftJoin(b.table("T", STRINGS), PAIR, Joined.with(S, Serdes.Long(), S)).to("out"))
            .in("T", "k", "t", 0).in("S", null, "a", 1).in("S", "k", "b", 2).metric("dropped-records-total");
        r.scenario("null keys: toTable behind a repartition topic, its updates joined").dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> k).toTable(Materialized.with(S, S)).toStream()
                .leftJoin(b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out"))
            .in("T", "k", "t", 0).in("S", null, "a", 1).in("S", "k", "b", 2).metric("dropped-records-total");
        r.scenario("null keys: a merge of two streams with new keys").dsl(b -> {
            final KStream<String, String> one = b.stream("S", STRINGS).selectKey((k, v) -> k);
            final KStream<String, String> two = b.stream("S2", STRINGS).selectKey((k, v) -> k);
            one.merge(two).leftJoin(b.table("T", STRINGS), PAIR, Joined.with(S, S, S)).to("out");
            two.groupByKey(Grouped.with(S, S)).count().toStream().to("counts");
        }).in("S", null, "a", 1).in("S2", null, "b", 2).in("S2", "k", "c", 3).metric("dropped-records-total");
    }

    private void topics(final Recorder r) {
        r.scenario("stream-table: source topic reused as changelog").config("topology.optimization", "reuse.ktable.source.topics").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.table("T", STRINGS), PAIR).to("out"))
            .in("T", "k", "t", 1).in("S", "k", "s", 2);
        r.scenario("stream-table: versioned table, source topic reused as changelog").config("topology.optimization", "all").dsl(b ->
            b.stream("S", STRINGS).leftJoin(b.table("T", STRINGS, versioned("vt", 100)), PAIR).to("out"))
            .in("T", "k", "t", 5).in("T", "k", "older", 1).in("S", "k", "s", 2).query("vt", "get", "k");
        r.scenario("stream-table: logging of the table's store disabled").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, as("t").withLoggingDisabled()), PAIR).to("out"))
            .in("T", "k", "t", 1).in("S", "k", "s", 2);
        r.scenario("stream-table: versioned table, logging disabled").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, versioned("vt", 100).withLoggingDisabled()), PAIR).to("out"))
            .in("T", "k", "t", 1).in("S", "k", "s", 2);
        r.scenario("stream-table: everything named").dsl(b ->
            b.stream("S", Consumed.with(S, S).withName("source")).selectKey((k, v) -> v, Named.as("by-value"))
                .leftJoin(b.table("T", Consumed.with(S, S).withName("table"), as("store")), PAIR, Joined.with(S, S, S, "join"))
                .to("out", Produced.<String, String>as("sink").withKeySerde(S).withValueSerde(S)))
            .in("T", "a", "t", 1).in("S", "k", "a", 2);
        r.scenario("stream-table: one table, three streams").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            b.stream("A", STRINGS).join(t, PAIR).to("a");
            b.stream("B", STRINGS).leftJoin(t, PAIR).to("b");
            b.stream(Arrays.asList("C", "D"), STRINGS).filter((k, v) -> true).leftJoin(t.mapValues(v -> v + "!"), PAIR).to("c");
        }).in("T", "k", "t", 1).in("A", "k", "1", 2).in("B", "k", "2", 3).in("C", "k", "3", 4).in("D", "q", "4", 5);
    }

    private void results(final Recorder r) {
        r.scenario("stream-table: results grouped, without a new repartition topic").dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> v.substring(0, 1)).join(b.table("T", STRINGS), (a, t) -> a + t, Joined.with(S, S, S))
                .groupByKey(Grouped.with(S, S)).reduce((a, v) -> a + "," + v, Materialized.as("red")).toStream().to("out"))
            .in("T", "a", "A", 1).in("S", "k", "a1", 2).in("S", "k", "a2", 1);
        r.scenario("stream-table: results as a table, joined again").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            final KTable<String, String> joined = b.stream("S", STRINGS).leftJoin(t, PAIR).toTable(Materialized.with(S, S));
            b.stream("R", STRINGS).leftJoin(joined, PAIR).to("out");
        }).in("T", "k", "t", 1).in("S", "k", "s", 2).in("R", "k", "r", 3).in("R", "q", "r", 3);
        r.scenario("stream-table: order of results and table updates of one record").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            final KTable<String, String> t = s.filter((k, v) -> v == null || v.length() > 1).toTable();
            s.leftJoin(t, PAIR).to("after");
            final KTable<String, String> u = s.mapValues(v -> v + "2").toTable();
            s.join(u, PAIR).to("after2");
        }).in("in", "k", "a", 1).in("in", "k", "bb", 2).in("in", "k", "c", 3).in("in", "k", null, 4);
    }

    /** Versioned tables and what is derived of them (KIP-914). */
    private void versionedTables(final Recorder r) {
        versions(r.scenario("versioned table: updates downstream").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 20)).toStream().to("out")))
            .query("vt", "get", "a").query("vt", "get", "b").query("vt", "asOf", "a", 7L).query("vt", "asOf", "a", 12L)
            .metric("dropped-records-total");
        versions(r.scenario("versioned table: cache on").config("statestore.cache.max.bytes", 100000).dsl(b ->
            b.table("T", STRINGS, versioned("vt", 20).withCachingEnabled()).toStream().to("out")));
        versions(r.scenario("versioned table: filter").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, versioned("vt", 20));
            t.filter((k, v) -> v.length() > 1).toStream().to("unstored");
            t.filter((k, v) -> v.length() > 1, as("f")).toStream().to("stored");
            t.filterNot((k, v) -> v.length() > 1, versioned("vf", 15)).toStream().to("versioned");
        })).query("f", "all").query("vf", "get", "a");
        versions(r.scenario("versioned table: mapValues").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, versioned("vt", 20));
            t.mapValues(v -> v + "!").toStream().to("unstored");
            t.mapValues(v -> v + "!", as("m")).toStream().to("stored");
            t.mapValues(v -> v + "!", versioned("vm", 15)).toStream().to("versioned");
        })).query("m", "all").query("vm", "get", "a");
        versions(r.scenario("versioned table: groupBy and count").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 20)).groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), v), Grouped.with(S, S))
                .count(Materialized.as("n")).toStream().to("out"))).query("n", "all");
        versions(r.scenario("versioned table: filter, groupBy and reduce").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 20)).filter((k, v) -> !v.equals("x")).groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Materialized.as("red")).toStream().to("out"))).query("red", "all");
        versions(r.scenario("versioned table: stored filter without versions, groupBy").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 20)).filter((k, v) -> !v.equals("x"), as("f"))
                .groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Materialized.as("red")).toStream().to("out"))).query("red", "all");
        versions(r.scenario("versioned table: groupBy into a versioned aggregate").dsl(b ->
            b.table("T", STRINGS).groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S))
                .reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, versioned("vr", 20)).toStream().to("out"))).query("vr", "get", "g");
        versions(r.scenario("versioned table: of toTable").dsl(b ->
            b.stream("T", STRINGS).toTable(Named.as("tt"), versioned("vt", 20)).toStream().to("out"))).query("vt", "get", "a");
        versions(r.scenario("versioned table: aggregates of a stream").dsl(b -> {
            b.stream("T", STRINGS).groupByKey().reduce((a, v) -> a + v, versioned("vr", 20)).toStream().to("reduced");
            b.stream("T", STRINGS).groupByKey().aggregate(() -> "", (k, v, a) -> v.equals("x") ? null : a + v, versioned("va", 20))
                .toStream().to("aggregated");
        })).query("vr", "get", "a").query("va", "get", "a").query("va", "asOf", "a", 12L);
        for (final String kind : new String[] {"inner", "left", "outer"}) {
            tables(r.scenario("versioned tables: " + kind + " join").dsl(b ->
                tableJoin(kind, b.table("L", STRINGS, versioned("vl", 20)), b.table("R", STRINGS, versioned("vr", 20)), null)
                    .toStream().to("out")));
            tables(r.scenario("versioned tables: " + kind + " join with a table that is not").dsl(b ->
                tableJoin(kind, b.table("L", STRINGS, versioned("vl", 20)), b.table("R", STRINGS), null).toStream().to("out")));
            tables(r.scenario("versioned tables: " + kind + " join, stored with versions").dsl(b ->
                tableJoin(kind, b.table("L", STRINGS), b.table("R", STRINGS, versioned("vr", 20)), versioned("vj", 20))
                    .toStream().to("out"))).query("vj", "get", "k").query("vj", "asOf", "k", 6L);
        }
        tables(r.scenario("versioned tables: join of derived ones, grouped").dsl(b ->
            tableJoin("left", b.table("L", STRINGS, versioned("vl", 20)).filter((k, v) -> !v.equals("B")),
                b.table("R", STRINGS, versioned("vr", 20)).mapValues(v -> v + "!"), null)
                .groupBy((k, v) -> KeyValue.pair("g", v), Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("out")))
            .query("n", "all");
    }

    private static KTable<String, String> tableJoin(final String kind, final KTable<String, String> l, final KTable<String, String> r,
                                                    final Materialized<String, String, KeyValueStore<Bytes, byte[]>> m) {
        switch (kind) {
            case "inner": return m == null ? l.join(r, PAIR) : l.join(r, PAIR, m);
            case "left": return m == null ? l.leftJoin(r, PAIR) : l.leftJoin(r, PAIR, m);
            default: return m == null ? l.outerJoin(r, PAIR) : l.outerJoin(r, PAIR, m);
        }
    }

    private static Recorder.Scenario versions(final Recorder.Scenario s) {
        return s.in("T", "a", "a10", 10).in("T", "a", "a5", 5).in("T", "b", "x", 7).in("T", "a", "a12", 12).in("T", "a", null, 11)
            .in("T", "a", "a12again", 12).in("T", "b", null, 3).in("T", "b", null, 8).in("T", null, "n", 9).in("T", "b", "b6", 6)
            .in("T", "c", null, 12).in("T", "a", "x", 30).in("T", "a", "a11", 11).in("T", "a", "a10b", 10).in("T", "a", "a9", 9)
            .in("T", "c", "c9", 9).in("T", "c", "c15", 15).in("T", "a", "x", 31).in("T", "a", null, 29).in("T", "a", null, 33);
    }

    private static Recorder.Scenario tables(final Recorder.Scenario s) {
        return s.in("L", "k", "A", 5).in("R", "k", "a", 6).in("L", "k", "early", 2).in("R", "k", "early", 3).in("R", "k", "b", 10)
            .in("L", "k", "B", 8).in("R", "k", null, 9).in("L", "k", null, 12).in("L", "k", "C", 11).in("R", "k", null, 13)
            .in("L", "k", "D", 14).in("R", "q", "q", 14).in("L", "k", "E", 50).in("R", "k", "tooold", 20).in("L", "k", "tooold", 20)
            .in("R", "k", "d", 40).in("L", null, "n", 51).in("L", "q", null, 52).metric("dropped-records-total");
    }

    private void errors(final Recorder r) {
        r.scenario("error: grace of a table without versions").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS), PAIR, Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: grace of a table stored without versions, of a versioned one").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, versioned("vt", 100)).filter((k, v) -> true, as("f")), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: grace of a derived table without versions").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, as("t")).mapValues(v -> v), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: grace of a join of versioned tables").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, versioned("vt", 100)).join(b.table("U", STRINGS, versioned("vu", 100)), PAIR),
                (a, c) -> a + c, Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: grace longer than the history").dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, versioned("vt", 9)), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: suppress of a versioned table").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 9)).suppress(Suppressed.untilTimeLimit(ms(10), Suppressed.BufferConfig.unbounded())).toStream()
                .to("out"));
        r.scenario("error: suppress of a filtered versioned table").dsl(b ->
            b.table("T", STRINGS, versioned("vt", 9)).filter((k, v) -> true)
                .suppress(Suppressed.untilTimeLimit(ms(10), Suppressed.BufferConfig.unbounded())).toStream().to("out"));
        r.scenario("error: versioned global table").dsl(b -> b.globalTable("T", STRINGS, versioned("vt", 9)));
        r.scenario("error: explicit names required, a join with grace without one").config("ensure.explicit.internal.resource.naming", true)
            .topologyConfig().dsl(b ->
            b.stream("S", STRINGS).join(b.table("T", STRINGS, versioned("vt", 100)), PAIR,
                Joined.<String, String, String>with(S, S, S).withGracePeriod(ms(10))).to("out"));
        r.scenario("error: explicit names required, a join behind a new key without one").config("ensure.explicit.internal.resource.naming", true)
            .topologyConfig().dsl(b ->
            b.stream("S", STRINGS).selectKey((k, v) -> v).join(b.table("T", STRINGS, as("t")), PAIR).to("out"));
    }
}
