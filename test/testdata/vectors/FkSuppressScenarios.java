import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;

/** Foreign-key joins and suppress. */
public class FkSuppressScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final Materialized<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> WITH = Materialized.with(S, S);
    private static final StreamPartitioner<String, Void> FIRST = (topic, key, value, n) -> Optional.of(Set.of(0));

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private static String fk(final String v) {
        return "nul".equals(v) ? null : v.substring(0, Math.min(1, v.length()));
    }

    private static String whole(final String v) {
        return "nul".equals(v) ? null : v;
    }

    private static KTable<String, String> l(final StreamsBuilder b) {
        return b.table("L", STRINGS);
    }

    private static KTable<String, String> r(final StreamsBuilder b) {
        return b.table("R", STRINGS);
    }

    private static Recorder.Scenario rows(final Recorder.Scenario s) {
        return s.in("R", "1", "foo", 0).in("L", "k", "1", 1).in("L", "k", "2", 2).in("L", "k", "3", 3)
            .in("R", "3", "bar", 4).in("L", "k", "nul", 5).in("L", "k", "1", 6).in("L", "q", "10", 7)
            .in("L", "r", "10", 8).in("R", "10", "baz", 9).in("R", "10", null, 10).in("L", "q", null, 11)
            .in("L", "k", "1", 12).in("L", "nope", null, 13).in("R", "1", "late", 2).in("L", "k", null, 3)
            .metric("dropped-records-total");
    }

    private static Recorder.Scenario moves(final Recorder.Scenario s) {
        return s.in("L", "b", "x1", 10).in("L", "a", "x2", 11).in("R", "x", "rx", 5).in("L", "aa", "x3", 3).in("L", "a", "y1", 12)
            .in("R", "y", "ry", 13).in("L", "b", "x9", 9).in("R", "x", "rx2", 4).in("R", "x", null, 20).in("R", "x", null, 21)
            .in("L", "b", "nul", 22).in("L", "b", "nul", 23).in("L", "b", "y5", 24).in("L", "a", null, 25).in("L", "a", null, 26)
            .in("R", "y", "ry2", 1).in("L", null, "y", 27).in("R", null, "n", 28).in("R", "y", "ry2", 30).in("L", "b", "y5", 31)
            .in("L", "c", "nul", 32).in("L", "c", null, 33).in("L", "c", "z", 34).in("R", "z", null, 35)
            .metric("dropped-records-total");
    }

    private static Recorder.Scenario updates(final Recorder.Scenario s) {
        return s.in("in", "a", "1", 0).in("in", "a", "2", 5).in("in", "b", "1", 9).in("in", "c", "1", 10)
            .in("in", "b", null, 12).in("in", "a", "3", 7).in("in", "d", "1", 21).in("in", "c", "2", 21).in("in", "d", null, 22)
            .in("in", "e", null, 23).in("in", "b", "4", 20).in("in", "f", "1", 40).in("in", null, "n", 41).in("in", "g", "1", 60)
            .metric("dropped-records-total");
    }

    private static Recorder.Scenario windows(final Recorder.Scenario s) {
        return s.in("in", "a", "x", 0).in("in", "b", "y", 3).in("in", "a", "z", 9).in("in", "c", "x", 3).in("in", "a", "x", 14)
            .in("in", "a", "late", 9).in("in", "b", "x", 15).in("in", "a", "later", 2).in("in", "c", null, 16).in("in", null, "n", 17)
            .in("in", "b", "x", 25).in("in", "a", "x", 31).in("in", "a", "x", 24).in("in", "d", "x", 60).in("in", "d", "x", 100)
            .metric("dropped-records-total");
    }

    private static KGroupedStream<String, String> grouped(final StreamsBuilder b) {
        return b.stream("in", STRINGS).groupByKey();
    }

    private static TimeWindows tumbling() {
        return TimeWindows.ofSizeAndGrace(ms(10), ms(5));
    }

    private static Suppressed<Windowed<?>> closes() {
        return Suppressed.untilWindowCloses(BufferConfig.unbounded());
    }

    private static <K> Suppressed<K> limit(final long ms) {
        return Suppressed.untilTimeLimit(ms(ms), BufferConfig.unbounded());
    }

    private static KTable<String, String> table(final StreamsBuilder b) {
        return b.table("in", STRINGS);
    }

    /** Where the record comes from, as a processor sees it. */
    private static final class Origin<K, V> extends ContextualProcessor<K, V, K, String> {
        @Override
        public void process(final Record<K, V> rec) {
            final String at = context().recordMetadata().map(m -> m.topic() + "-" + m.partition() + "@" + m.offset()).orElse("nowhere");
            context().forward(rec.withValue(rec.value() + " of " + at));
        }
    }

    @Override
    public void define(final Recorder r) {
        foreignKeys(r);
        foreignKeysOfOtherTables(r);
        suppressTables(r);
        suppressWindows(r);
        suppressLimits(r);
        suppressDownstream(r);
        random(r);
    }

    /** Many updates of few keys, out of order now and then. */
    private static Recorder.Scenario randomly(final Recorder.Scenario s, final long seed, final int steps, final String[] topics, final String[] values) {
        final java.util.Random random = new java.util.Random(seed);
        final String[] keys = {"a", "ab", "b", "", "x", "xy"};
        long now = 0;
        for (int i = 0; i < steps; i++) {
            now += random.nextInt(6);
            final long ts = Math.max(0, random.nextInt(4) == 0 ? now - random.nextInt(20) : now);
            final String value = random.nextInt(6) == 0 ? null : values[random.nextInt(values.length)];
            s.in(topics[random.nextInt(topics.length)], keys[random.nextInt(keys.length)], value, ts);
        }
        return s.metric("dropped-records-total");
    }

    private void random(final Recorder r) {
        final String[] rows = {"a", "ab", "b", "", "x", "nul", "xy"};
        for (int i = 1; i <= 3; i++) {
            final int seed = i;
            fkPair(r, "random " + i, s -> randomly(seed == 3 ? s.config("statestore.cache.max.bytes", 100000) : s, seed, 40, new String[] {"L", "L", "R"}, rows), (b, left) -> {
                final KTable<String, String> l = b.table("L", STRINGS, Materialized.as("l"));
                return left ? l.<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR, Materialized.as("res")) : l.<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, Materialized.as("res"));
            });
            randomly(r.scenario("suppress table: random " + i).config("statestore.cache.max.bytes", seed == 3 ? 100000 : 0).dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(15), BufferConfig.maxRecords(4).withMaxBytes(260).emitEarlyWhenFull())).toStream().to("out")), seed, 60, new String[] {"in"}, rows);
            randomly(r.scenario("suppress windows: random " + i).config("statestore.cache.max.bytes", seed == 3 ? 100000 : 0).dsl(b ->
                grouped(b).windowedBy(TimeWindows.ofSizeAndGrace(ms(12), ms(4)).advanceBy(ms(5))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")), seed, 60, new String[] {"in"}, rows);
            randomly(r.scenario("suppress sessions: random " + i).config("statestore.cache.max.bytes", seed == 3 ? 100000 : 0).dsl(b ->
                grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(6), ms(4))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")), seed, 60, new String[] {"in"}, rows);
            randomly(r.scenario("suppress, then an outer join: random " + i).config("statestore.cache.max.bytes", seed == 3 ? 100000 : 0).dsl(b ->
                table(b).suppress(limit(12)).outerJoin(b.table("K", STRINGS), PAIR).toStream().to("out")), seed, 60, new String[] {"in", "K"}, rows);
        }
    }

    private static void fkPair(final Recorder r, final String name, final Consumer<Recorder.Scenario> rest,
                               final java.util.function.BiFunction<StreamsBuilder, Boolean, KTable<?, ?>> build) {
        for (final boolean left : new boolean[] {false, true}) {
            final Recorder.Scenario s = r.scenario("foreign key " + (left ? "left" : "inner") + ": " + name)
                .dsl(b -> build.apply(b, left).toStream().to("out"));
            rest.accept(s);
        }
    }

    private void foreignKeys(final Recorder r) {
        fkPair(r, "unnamed", FkSuppressScenarios::rows, (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR)
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR));
        fkPair(r, "named", FkSuppressScenarios::rows, (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.as("fk"))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.as("fk")));
        fkPair(r, "materialized", s -> moves(s).query("res", "all").query("res", "get", "b"), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res"))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res")));
        fkPair(r, "named and materialized", FkSuppressScenarios::moves, (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, TableJoined.as("fk"), Materialized.as("res"))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, TableJoined.as("fk"), Materialized.as("res")));
        fkPair(r, "materialized without caching and logging", FkSuppressScenarios::moves, (b, left) -> {
            final Materialized<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> m =
                Materialized.<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("res").withCachingDisabled().withLoggingDisabled();
            return left ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, m)
                : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, m);
        });
        fkPair(r, "cached", s -> moves(s.config("statestore.cache.max.bytes", 100000)).query("res", "all"), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res"))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res")));
        fkPair(r, "source topics as changelogs", s -> rows(s.config("topology.optimization", "all")), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR)
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR));
        fkPair(r, "partitioners", FkSuppressScenarios::rows, (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.with(FIRST, FIRST))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.with(FIRST, FIRST)));
        fkPair(r, "key extractor with the key", s -> s.in("R", "a1", "r", 1).in("L", "a", "1", 2).in("L", "a", "2", 3).in("L", "a", "1", 4)
            .in("R", "a1", "r2", 5).in("R", "a2", "r3", 6).in("L", "a", null, 7), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), (k, v) -> k + v, PAIR)
            : l(b).<String, String, String>join(r(b), (k, v) -> k + v, PAIR));
        fkPair(r, "empty texts as keys and values", s -> s.in("R", "", "", 1).in("L", "a", "", 2).in("R", "", "r", 3).in("R", "", "", 4)
            .in("L", "", "x", 5).in("R", "x", "rx", 6).in("L", "", "", 7).in("L", "a", null, 8), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR)
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR));
        fkPair(r, "order of many rows, keys with a common prefix", s -> s.in("L", "b", "x", 1).in("L", "a", "x", 2).in("L", "aa", "x", 3)
            .in("L", "é", "x", 4).in("L", "", "x", 5).in("L", "a", "xx", 6).in("L", "c", "xx", 7).in("L", "z", "x", 8).in("L", "B", "x", 9)
            .in("R", "x", "1", 10).in("R", "xx", "2", 11).in("R", "x", null, 12).in("R", "", "3", 13), (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR)
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR));
        fkPair(r, "headers of both sides", s -> s.in("L", "a", "x", 1, "left", "1").in("R", "x", "r", 2, "right", "1", "right", "2")
            .in("L", "a", "x", 3, "left", "3").in("L", "b", "x", 4).in("R", "x", null, 5, "right", null).in("L", "a", null, 6, "left", "4"),
            (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR, Materialized.as("res"))
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, Materialized.as("res")));
        fkPair(r, "joiner returns null", FkSuppressScenarios::rows, (b, left) -> {
            final ValueJoiner<String, String, String> joiner = (v, o) -> "foo".equals(o) ? null : v + "+" + o;
            return left ? l(b).leftJoin(r(b), FkSuppressScenarios::whole, joiner, Materialized.as("res"))
                : l(b).join(r(b), FkSuppressScenarios::whole, joiner, Materialized.as("res"));
        });
        fkPair(r, "equal timestamps and equal values", s -> s.in("L", "a", "x", 5).in("L", "a", "x", 5).in("R", "x", "r", 5).in("R", "x", "r", 5)
            .in("L", "a", "y", 5).in("L", "a", "x", 5).in("R", "x", null, 5).in("R", "x", null, 5).in("L", "a", null, 5).in("L", "a", null, 5),
            (b, left) -> left
            ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR)
            : l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR));
        r.scenario("foreign key inner: answers to an earlier value, subscriptions of version 0").dsl(b ->
                l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.as("fk")).toStream().to("out"))
            .in("L", "k", "1", 1).in("R", "1", "r", 2)
            .in("app-fk-subscription-response-topic", "k", hex("00000102030405060708090a0b0c0d0e0f72"), 3)
            .in("app-fk-subscription-response-topic", "k", hex("006572f6d66606fd081869b9c2ddb1c59d6e6577"), 4)
            .in("app-fk-subscription-response-topic", "k", hex("8072"), 5)
            .in("app-fk-subscription-response-topic", "none", hex("80"), 6)
            .in("app-fk-subscription-response-topic", "none", hex("8072"), 7)
            .in("app-fk-subscription-registration-topic", "1", hex("00036572f6d66606fd081869b9c2ddb1c59d6b"), 8)
            .in("R", "1", "r2", 9)
            .in("app-fk-subscription-registration-topic", "1", hex("80016b"), 10)
            .in("app-fk-subscription-registration-topic", null, hex("80036b00000000"), 11)
            .in("app-fk-subscription-registration-topic", null, hex("80026b00000000"), 12)
            .in("R", "1", "r3", 13).metric("dropped-records-total");
    }

    private static byte[] hex(final String text) {
        return java.util.HexFormat.of().parseHex(text);
    }

    private void foreignKeysOfOtherTables(final Recorder r) {
        fkPair(r, "stored sources", s -> moves(s).query("l", "all").query("r", "all"), (b, left) -> {
            final KTable<String, String> l = b.table("L", STRINGS, Materialized.as("l"));
            final KTable<String, String> o = b.table("R", STRINGS, Materialized.as("r"));
            return left ? l.<String, String, String>leftJoin(o, FkSuppressScenarios::fk, PAIR) : l.<String, String, String>join(o, FkSuppressScenarios::fk, PAIR);
        });
        fkPair(r, "derived tables, not stored", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> l = l(b).filter((k, v) -> !v.endsWith("9"));
            final KTable<String, String> o = r(b).mapValues(v -> v + "!");
            return left ? l.<String, String, String>leftJoin(o, FkSuppressScenarios::fk, PAIR) : l.<String, String, String>join(o, FkSuppressScenarios::fk, PAIR);
        });
        fkPair(r, "derived tables, stored", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> l = l(b).mapValues(v -> v + "?", Materialized.<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("l").withValueSerde(S));
            final KTable<String, String> o = r(b).filter((k, v) -> !v.equals("rx2"), Materialized.as("o"));
            return left ? l.<String, String, String>leftJoin(o, FkSuppressScenarios::fk, PAIR) : l.<String, String, String>join(o, FkSuppressScenarios::fk, PAIR);
        });
        fkPair(r, "a table with itself", s -> s.in("T", "a", "b", 1).in("T", "b", "a", 2).in("T", "c", "c", 3).in("T", "a", "c", 4)
            .in("T", "c", null, 5).in("T", "b", "nul", 6).in("T", "a", null, 7), (b, left) -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            return left ? t.<String, String, String>leftJoin(t, FkSuppressScenarios::whole, PAIR) : t.<String, String, String>join(t, FkSuppressScenarios::whole, PAIR);
        });
        fkPair(r, "chained", s -> s.in("R", "1", "2", 1).in("Q", "2", "q2", 2).in("L", "a", "1", 3).in("R", "1", "3", 4).in("Q", "3", "q3", 5)
            .in("L", "a", "5", 6).in("R", "5", "3", 7).in("Q", "3", null, 8).in("L", "a", null, 9), (b, left) -> {
            final KTable<String, String> q = b.table("Q", STRINGS);
            final ValueJoiner<String, String, String> right = (v, o) -> o;
            return left
                ? l(b).leftJoin(r(b), FkSuppressScenarios::whole, right, WITH).<String, String, String>leftJoin(q, FkSuppressScenarios::whole, PAIR)
                : l(b).join(r(b), FkSuppressScenarios::whole, right, WITH).<String, String, String>join(q, FkSuppressScenarios::whole, PAIR);
        });
        r.scenario("foreign key: two joins with one right table").dsl(b -> {
            final KTable<String, String> l = l(b);
            final KTable<String, String> o = r(b);
            l.<String, String, String>join(o, FkSuppressScenarios::fk, PAIR, TableJoined.as("one")).toStream().to("out1");
            l.<String, String, String>leftJoin(o, v -> v.substring(v.length() - 1), PAIR, TableJoined.as("two")).toStream().to("out2");
        }).in("L", "a", "xy", 1).in("R", "x", "rx", 2).in("R", "y", "ry", 3).in("L", "a", "yx", 4).in("L", "b", "yx", 5).in("R", "x", null, 6).in("L", "a", null, 7);
        fkPair(r, "then a grouping", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> joined = left
                ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, WITH) : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, WITH);
            return joined.groupBy((k, v) -> KeyValue.pair(v, k), Grouped.with(S, S)).count();
        });
        fkPair(r, "then a filter and a mapping", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> joined = left
                ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res")) : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, Materialized.as("res"));
            return joined.filter((k, v) -> !k.equals("a")).mapValues(v -> v + "!");
        });
        fkPair(r, "then a join by key", s -> moves(s).in("K", "b", "kb", 40).in("K", "a", "ka", 41).in("L", "b", "y7", 42).in("R", "y", null, 43), (b, left) -> {
            final KTable<String, String> joined = left
                ? l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR, WITH) : l(b).<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR, WITH);
            return joined.outerJoin(b.table("K", STRINGS), PAIR);
        });
        fkPair(r, "numbers as keys and values", s -> s.in("R", 1, 1.5, 1).in("L", 10L, 1, 2).in("L", 11L, 2, 3).in("R", 2, 2.5, 4).in("L", 10L, 2, 5).in("R", 2, null, 6)
            .in("L", 10L, -1, 7).in("L", 11L, null, 8), (b, left) -> {
            final KTable<Long, Integer> l = b.table("L", Consumed.with(Serdes.Long(), Serdes.Integer()));
            final KTable<Integer, Double> o = b.table("R", Consumed.with(Serdes.Integer(), Serdes.Double()));
            final ValueJoiner<Integer, Double, String> joiner = (v, d) -> v + "*" + d;
            return left ? l.leftJoin(o, (final Integer v) -> v < 0 ? null : v, joiner, Materialized.with(Serdes.Long(), S)) : l.join(o, (final Integer v) -> v < 0 ? null : v, joiner, Materialized.with(Serdes.Long(), S));
        });
        fkPair(r, "a count on the left", s -> s.in("in", "a", "x", 1).in("R", "1", "one", 2).in("R", "2", "two", 0).in("in", "a", "x", 3).in("in", "b", "x", 4).in("in", "a", "x", 5).in("R", "3", "three", 6),
            (b, left) -> {
            final KTable<String, Long> l = grouped(b).count();
            final ValueJoiner<Long, String, String> joiner = (v, o) -> v + "=" + o;
            return left ? l.leftJoin(r(b), (final Long v) -> "" + v, joiner, WITH) : l.join(r(b), (final Long v) -> "" + v, joiner, WITH);
        });
        fkPair(r, "a windowed count on the left", s -> s.in("in", "a", "x", 1).in("R", "1", "one", 2).in("in", "a", "x", 3).in("in", "b", "x", 14).in("in", "a", "x", 9).in("R", "3", "three", 16),
            (b, left) -> {
            final KTable<Windowed<String>, Long> l = grouped(b).windowedBy(tumbling()).count();
            final ValueJoiner<Long, String, String> joiner = (v, o) -> v + "=" + o;
            return left ? l.leftJoin(r(b), (final Long v) -> "" + v, joiner) : l.join(r(b), (final Long v) -> "" + v, joiner);
        });
        fkPair(r, "a repartitioned stream as the left table", s -> s.in("in", "x", "a", 1).in("R", "x", "rx", 2).in("in", "y", "a", 3).in("in", "x", "b", 4).in("R", "x", null, 5).in("in", "n", "", 6), (b, left) -> {
            final KTable<String, String> l = b.stream("in", STRINGS).map((k, v) -> KeyValue.pair(v, k)).toTable(Named.as("tt"), WITH);
            return left ? l.<String, String, String>leftJoin(r(b), FkSuppressScenarios::whole, PAIR) : l.<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR);
        });
        fkPair(r, "versioned left table", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> l = b.table("L", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("lv", ms(100))));
            return left ? l.<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, PAIR) : l.<String, String, String>join(r(b), FkSuppressScenarios::fk, PAIR);
        });
        fkPair(r, "versioned right table", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> o = b.table("R", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("rv", ms(100))));
            return left ? l(b).<String, String, String>leftJoin(o, FkSuppressScenarios::fk, PAIR) : l(b).<String, String, String>join(o, FkSuppressScenarios::fk, PAIR);
        });
        fkPair(r, "versioned tables, versioned result", FkSuppressScenarios::moves, (b, left) -> {
            final KTable<String, String> l = b.table("L", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("lv", ms(100)))).filter((k, v) -> true);
            final KTable<String, String> o = b.table("R", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("rv", ms(100))));
            final Materialized<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>> m = Materialized.as(Stores.persistentVersionedKeyValueStore("res", ms(100)));
            return left ? l.<String, String, String>leftJoin(o, FkSuppressScenarios::fk, PAIR, m) : l.<String, String, String>join(o, FkSuppressScenarios::fk, PAIR, m);
        });
        r.scenario("foreign key: name with a character that is not allowed").dsl(b ->
            l(b).<String, String, String>join(r(b), FkSuppressScenarios::whole, PAIR, TableJoined.as("a b")).toStream().to("out"));
    }

    private void suppressTables(final Recorder r) {
        updates(r.scenario("suppress table: time limit 10, not stored").dsl(b -> table(b).suppress(limit(10)).toStream().to("out")));
        updates(r.scenario("suppress table: time limit 10, named").dsl(b ->
            table(b).suppress(FkSuppressScenarios.<String>limit(10).withName("sup")).toStream().to("out")));
        updates(r.scenario("suppress table: time limit 0").dsl(b -> table(b).suppress(limit(0)).toStream().to("out")));
        updates(r.scenario("suppress table: cached").config("statestore.cache.max.bytes", 100000).dsl(b ->
            b.table("in", STRINGS, Materialized.as("t")).suppress(limit(10)).toStream().to("out")));
        updates(r.scenario("suppress table: without changelog").dsl(b ->
            table(b).suppress(Suppressed.<String>untilTimeLimit(ms(10), BufferConfig.unbounded().withLoggingDisabled())).toStream().to("out")));
        updates(r.scenario("suppress table: source topic as changelog").config("topology.optimization", "all").dsl(b ->
            table(b).suppress(limit(10)).toStream().to("out")));
        r.scenario("suppress table: headers and origin of the last update").dsl(b ->
                table(b).suppress(limit(10)).toStream().process(() -> new Origin<String, String>()).to("out"))
            .in("in", "a", "1", 0, "h", "0").in("in", "b", "1", 1, "g", "x", "g", "y").in("in", "a", "2", 2, "h", "2", "null", null)
            .in("in", "c", "1", 11, "late", "1").in("in", "a", "3", 3).in("in", "d", "1", 30).wall(100);
        r.scenario("suppress table: equal times, in order of keys").dsl(b -> table(b).suppress(limit(5)).toStream().to("out"))
            .in("in", "c", "1", 1).in("in", "a", "1", 1).in("in", "aa", "1", 1).in("in", "é", "1", 1).in("in", "B", "1", 1).in("in", "", "1", 1)
            .in("in", "a", "2", 0).in("in", "z", "1", 6);
        final Recorder.Scenario many = r.scenario("suppress table: many keys at one time, order of the changelog").dsl(b ->
            table(b).suppress(limit(5)).toStream().to("out"));
        for (int i = 0; i < 60; i++) {
            many.in("in", "key-" + i, "v" + i, i % 3);
        }
        many.in("in", "due", "1", 10).in("in", "x", "1", 20).in("in", "y", "1", 21).in("in", "due", "2", 40).in("in", "last", "1", 60);
        r.scenario("suppress table: old, prior and new values").dsl(b -> table(b).suppress(limit(100)).toStream().to("out"))
            .in("in", "a", "1", 0).in("in", "b", "1", 1).in("in", "z", "1", 101).in("in", "a", "2", 102).in("in", "a", "3", 103).in("in", "a", "2", 104)
            .in("in", "a", null, 105).in("in", "a", null, 106).in("in", "a", "4", 107).in("in", "b", null, 108).in("in", "", "", 109).in("in", "", "", 110).in("in", "z", "2", 300);
        r.scenario("suppress table: a count").dsl(b -> grouped(b).count(Materialized.as("c")).suppress(limit(10)).toStream().to("out"))
            .in("in", "a", "x", 0).in("in", "a", "x", 5).in("in", "b", "x", 3).in("in", "a", null, 6).in("in", "a", "x", 10).in("in", "c", "x", 20).in("in", "c", "x", 40);
        r.scenario("suppress table: numbers").dsl(b -> b.table("in", Consumed.with(Serdes.Integer(), Serdes.Double())).suppress(limit(10)).toStream().to("out"))
            .in("in", 5, 1.5, 0).in("in", -5, 2.5, 0).in("in", 300, 3.5, 0).in("in", 5, 4.5, 4).in("in", 5, 9.5, 10).in("in", 7, null, 30);
        updates(r.scenario("suppress table: twice, one after the other").dsl(b ->
            table(b).suppress(limit(5)).suppress(limit(10)).toStream().to("out")));
        updates(r.scenario("suppress table: twice, side by side").dsl(b -> {
            final KTable<String, String> t = table(b);
            t.suppress(limit(5)).toStream().to("out5");
            t.suppress(FkSuppressScenarios.<String>limit(20).withName("s20")).toStream().to("out20");
        }));
        r.scenario("suppress table: versioned").dsl(b ->
            b.table("in", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("v", ms(100)))).suppress(limit(5)).toStream().to("out"));
        r.scenario("suppress table: derived from a versioned one").dsl(b ->
            b.table("in", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("v", ms(100)))).filter((k, v) -> true).suppress(limit(5)).toStream().to("out"));
        r.scenario("suppress table: until windows close, without windows").dsl(b ->
            ((KTable) table(b).filter((k, v) -> true)).suppress(closes()).toStream().to("out"));
    }

    private void suppressWindows(final Recorder r) {
        windows(r.scenario("suppress windows: tumbling 10 grace 5").dsl(b ->
            grouped(b).windowedBy(tumbling()).count().suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: named").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w")).suppress(closes().withName("final")).toStream().to("out")));
        windows(r.scenario("suppress windows: cached").config("statestore.cache.max.bytes", 100000).dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: no grace").dsl(b ->
            grouped(b).windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: hopping 10/5 grace 5").dsl(b ->
            grouped(b).windowedBy(tumbling().advanceBy(ms(5))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: sliding 10 grace 5").dsl(b ->
            grouped(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(5))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: sessions of gap 5, grace 5").dsl(b ->
            grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: sessions, cached").config("statestore.cache.max.bytes", 100000).dsl(b ->
            grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: sessions, time limit").dsl(b ->
            grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).count(Materialized.as("w")).suppress(limit(4)).toStream().to("out")));
        windows(r.scenario("suppress windows: unlimited").dsl(b ->
            grouped(b).windowedBy(UnlimitedWindows.of()).count(Materialized.as("w")).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: time limit 3").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w")).suppress(limit(3)).toStream().to("out")));
        windows(r.scenario("suppress windows: deleted results").dsl(b ->
            grouped(b).windowedBy(tumbling()).<String>aggregate(() -> "", (k, v, a) -> "z".equals(v) || v == null ? null : a + v, Materialized.as("w"))
                .suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: filter and mapping in between").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w")).filter((k, v) -> v < 3)
                .mapValues(v -> "n" + v).suppress(closes()).toStream().to("out")));
        windows(r.scenario("suppress windows: without changelog").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w")).suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded().withLoggingDisabled())).toStream().to("out")));
        r.scenario("suppress windows: headers and origin").dsl(b ->
                grouped(b).windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w")).suppress(closes()).toStream()
                    .process(() -> new Origin<Windowed<String>, Long>()).to("out", Produced.with(new TimeWindowedSerdeOf(10), S)))
            .in("in", "a", "x", 0, "n", "0").in("in", "b", "x", 1, "n", "1").in("in", "a", "x", 2, "n", "2").in("in", "c", "x", 10, "n", "3").in("in", "c", "x", 20);
        windows(r.scenario("suppress windows: two joined tables, the longer grace").dsl(b -> {
            final KTable<Windowed<String>, Long> one = grouped(b).windowedBy(tumbling()).count(Materialized.as("w1"));
            final KTable<Windowed<String>, Long> two = b.stream("in2", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(20))).count(Materialized.as("w2"));
            one.outerJoin(two, PAIR).suppress(closes()).toStream().to("out");
        }).in("in2", "a", "x", 1).in("in", "a", "x", 2).in("in2", "b", "x", 25));
    }

    private static final class TimeWindowedSerdeOf extends WindowedSerdes.TimeWindowedSerde<String> {
        TimeWindowedSerdeOf(final long size) {
            super(Serdes.String(), size);
        }
    }

    private void suppressLimits(final Recorder r) {
        for (final int records : new int[] {0, 1, 2}) {
            updates(r.scenario("suppress limits: " + records + " records, emits early").dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(100), BufferConfig.maxRecords(records))).toStream().to("out")));
        }
        for (final int bytes : new int[] {0, 60, 120, 200}) {
            updates(r.scenario("suppress limits: " + bytes + " bytes, emits early").dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(100), BufferConfig.maxBytes(bytes))).toStream().to("out")));
        }
        updates(r.scenario("suppress limits: 3 records and 150 bytes, time limit 10").dsl(b ->
            table(b).suppress(Suppressed.untilTimeLimit(ms(10), BufferConfig.maxRecords(3).withMaxBytes(150).emitEarlyWhenFull())).toStream().to("out")));
        r.scenario("suppress limits: bytes of headers count").dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(100), BufferConfig.maxBytes(150))).toStream().to("out"))
            .in("in", "a", "1", 0, "header", "value").in("in", "b", "1", 1, "h", null).in("in", "c", "1", 2).in("in", "d", "1", 3, "é", "x")
            .in("in", "b", "2", 4, "longer", "0123456789012345678901234567890123456789").in("in", "d", null, 5).in("in", "e", "1", 6);
        r.scenario("suppress limits: 2 records, shuts down").dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(10), BufferConfig.maxRecords(2).shutDownWhenFull()).withName("sup")).toStream().to("out"))
            .in("in", "a", "1", 0).in("in", "b", "1", 5).in("in", "c", "1", 10).in("in", "d", "1", 14).in("in", "e", "1", 16);
        r.scenario("suppress limits: 80 bytes, shuts down").dsl(b ->
                table(b).suppress(Suppressed.untilTimeLimit(ms(10), BufferConfig.unbounded().withMaxBytes(80).shutDownWhenFull())).toStream().to("out"))
            .in("in", "a", "1", 0).in("in", "b", "1", 5).in("in", "c", "1", 6);
        windows(r.scenario("suppress limits: windows, 3 records, shuts down").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded().withMaxRecords(3).shutDownWhenFull())).toStream().to("out")));
        windows(r.scenario("suppress limits: windows, 2 records, emits early").dsl(b ->
            grouped(b).windowedBy(tumbling()).count(Materialized.as("w"))
                .suppress(Suppressed.untilTimeLimit(ms(20), BufferConfig.maxRecords(2))).toStream().to("out")));
        windows(r.scenario("suppress limits: sessions, 250 bytes, emits early").dsl(b ->
            grouped(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).count(Materialized.as("w"))
                .suppress(Suppressed.untilTimeLimit(ms(20), BufferConfig.maxBytes(250))).toStream().to("out")));
    }

    private static Recorder.Scenario both(final Recorder.Scenario s) {
        return s.in("in", "a", "1", 0).in("K", "a", "ka", 1).in("K", "b", "kb", 2).in("in", "b", "1", 3).in("in", "a", "2", 5).in("K", "a", "ka2", 6)
            .in("in", "z", "1", 10).in("K", "a", "ka3", 11).in("in", "a", "3", 12).in("K", "a", "ka4", 4).in("in", "b", null, 14).in("K", "b", "kb2", 15)
            .in("in", "y", "1", 30).in("K", "b", null, 31).in("K", "a", null, 32).in("in", "a", null, 33).in("K", "a", "ka5", 34).in("in", "x", "1", 60);
    }

    private void suppressDownstream(final Recorder r) {
        both(r.scenario("suppress, then an inner join").dsl(b ->
            table(b).suppress(limit(10)).join(b.table("K", STRINGS), PAIR).toStream().to("out")));
        both(r.scenario("suppress, then a left join").dsl(b ->
            table(b).suppress(limit(10)).leftJoin(b.table("K", STRINGS), PAIR).toStream().to("out")));
        both(r.scenario("suppress, then an outer join").dsl(b ->
            table(b).suppress(limit(10)).outerJoin(b.table("K", STRINGS), PAIR, Materialized.as("res")).toStream().to("out")).query("res", "all"));
        both(r.scenario("suppress on the right of a left join").dsl(b ->
            b.table("K", STRINGS).leftJoin(table(b).suppress(limit(10)), PAIR).toStream().to("out")));
        both(r.scenario("suppress, then a join of a stream").dsl(b ->
            b.stream("K", STRINGS).leftJoin(table(b).suppress(limit(10)), PAIR).to("out")));
        both(r.scenario("suppress, then a join with the table itself").dsl(b -> {
            final KTable<String, String> t = table(b);
            t.suppress(limit(10)).outerJoin(t, PAIR).toStream().to("out");
            b.stream("K", STRINGS).to("K2");
        }));
        updates(r.scenario("suppress, then a filter").dsl(b -> table(b).suppress(limit(10)).filter((k, v) -> !v.equals("2")).toStream().to("out")));
        updates(r.scenario("suppress, then a stored filter").dsl(b -> table(b).suppress(limit(10)).filter((k, v) -> !v.equals("2"), Materialized.as("f")).toStream().to("out")));
        updates(r.scenario("suppress, then a mapping").dsl(b -> table(b).suppress(limit(10)).mapValues(v -> v + "!").toStream().to("out")));
        updates(r.scenario("suppress, then a grouping").dsl(b ->
            table(b).suppress(limit(10)).groupBy((k, v) -> KeyValue.pair(v, k)).<String>aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Materialized.with(S, S)).toStream().to("out")));
        updates(r.scenario("suppress a filter and a mapping that are not stored").dsl(b ->
            table(b).filter((k, v) -> !v.equals("2")).mapValues(v -> v + "!").suppress(limit(10)).toStream().to("out")));
        both(r.scenario("suppress the result of a join").dsl(b ->
            table(b).outerJoin(b.table("K", STRINGS), PAIR).suppress(limit(10)).toStream().to("out")));
        r.scenario("suppress the result of a foreign-key join, and join it by foreign key").dsl(b -> {
            final KTable<String, String> joined = l(b).<String, String, String>leftJoin(r(b), FkSuppressScenarios::fk, (v, o) -> o == null ? "nul" : o, WITH).suppress(limit(5));
            joined.toStream().to("mid");
            joined.<String, String, String>join(b.table("Q", STRINGS), FkSuppressScenarios::fk, PAIR).toStream().to("out");
            b.<String, String>table("P", STRINGS).<String, String, String>join(joined, FkSuppressScenarios::whole, PAIR).toStream().to("out2");
        }).in("R", "x", "1r", 0).in("L", "a", "x", 1).in("Q", "1", "q1", 2).in("L", "b", "x", 4).in("P", "p", "a", 5).in("L", "a", "y", 7).in("P", "p2", "b", 8).in("Q", "1", "q2", 9)
            .in("R", "x", "2r", 10).in("Q", "2", "q3", 20).in("L", "c", "z", 30).in("L", "c", null, 50).in("P", "p", "a", 51);
        both(r.scenario("suppress a windowed count, then a windowed join").dsl(b -> {
            final KTable<Windowed<String>, Long> one = grouped(b).windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w1")).suppress(closes());
            final KTable<Windowed<String>, Long> two = b.stream("K", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w2"));
            one.leftJoin(two, (x, y) -> x + "/" + y).toStream().to("out");
        }));
    }
}
