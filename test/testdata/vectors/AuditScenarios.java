import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.*;

/** What falls between the families of operators: other serdes, windowed keys as inputs, one task for all, stores read by processors. */
@SuppressWarnings({"deprecation", "unchecked"})
public class AuditScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final Serde<Windowed<String>> TW = WindowedSerdes.timeWindowedSerdeFrom(String.class, 10);
    private static final Serde<Windowed<String>> SW = WindowedSerdes.sessionWindowedSerdeFrom(String.class);

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    static final class Act extends ContextualProcessor<String, String, String, String> {
        private final BiConsumer<ProcessorContext<String, String>, Record<String, String>> act;

        Act(final BiConsumer<ProcessorContext<String, String>, Record<String, String>> act) {
            this.act = act;
        }

        @Override
        public void process(final Record<String, String> r) {
            act.accept(context(), r);
        }
    }

    private static ProcessorSupplier<String, String, String, String> act(
            final BiConsumer<ProcessorContext<String, String>, Record<String, String>> act) {
        return () -> new Act(act);
    }

    /** Schedules in init; forwards every record with the stream time behind it. */
    static final class Timed extends ContextualProcessor<String, String, String, String> {
        private final BiConsumer<ProcessorContext<String, String>, Timed> schedule;

        Timed(final BiConsumer<ProcessorContext<String, String>, Timed> schedule) {
            this.schedule = schedule;
        }

        @Override
        public void init(final ProcessorContext<String, String> context) {
            super.init(context);
            schedule.accept(context, this);
        }

        void at(final PunctuationType type, final long interval, final String key) {
            context().schedule(ms(interval), type, t -> context().forward(new Record<>(key, "" + context().currentStreamTimeMs(), t)));
        }

        @Override
        public void process(final Record<String, String> r) {
            context().forward(r.withValue(r.value() + "@" + context().currentStreamTimeMs()));
        }
    }

    private static ProcessorSupplier<String, String, String, String> timed(final BiConsumer<ProcessorContext<String, String>, Timed> schedule) {
        return () -> new Timed(schedule);
    }

    private static Materialized<String, String, WindowStore<Bytes, byte[]>> texts(final String name) {
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as(name).withKeySerde(S).withValueSerde(S);
    }

    private static Materialized<String, Long, WindowStore<Bytes, byte[]>> longs(final String name) {
        return Materialized.<String, Long, WindowStore<Bytes, byte[]>>as(name).withKeySerde(S);
    }

    @Override
    public void define(final Recorder r) {
        oneTask(r);
        serdes(r);
        windowedKeys(r);
        headers(r);
        bursts(r);
        readStores(r);
        joinStores(r);
        chains(r);
        punctuated(r);
        odd(r);
    }

    private void oneTask(final Recorder r) {
        final PunctuationType stream = PunctuationType.STREAM_TIME;
        final PunctuationType wall = PunctuationType.WALL_CLOCK_TIME;
        r.scenario("one task: stream time of two sub-topologies").topology(() -> new Topology()
            .addSource("s1", "a").addSource("s2", "b")
            .addProcessor("p", timed((c, p) -> p.at(stream, 10, "p")), "s1").addProcessor("q", timed((c, p) -> p.at(stream, 7, "q")), "s2")
            .addSink("k1", "out", "p").addSink("k2", "out", "q"))
            .in("a", "k", "x", 5).in("b", "k", "y", 30).in("a", "k", "z", 8).in("b", "k", "y", 12).in("a", "k", "z", 55);
        r.scenario("one task: five schedules of one time").topology(() -> new Topology().addSource("s1", "a")
            .addProcessor("p", timed((c, p) -> {
                for (int i = 1; i <= 5; i++) {
                    p.at(stream, 10, "s" + i);
                    p.at(wall, 10, "w" + i);
                }
            }), "s1").addSink("k1", "out", "p"))
            .in("a", "k", "x", 5).in("a", "k", "y", 10).in("a", "k", "y", 25).in("a", "k", "z", 40).wall(10).wall(10).wall(35).wall(5);
        r.scenario("one task: schedules of several times, some cancelled").topology(() -> new Topology().addSource("s1", "a")
            .addProcessor("p", () -> new Processor<String, String, String, String>() {
                private ProcessorContext<String, String> context;
                private final List<org.apache.kafka.streams.processor.Cancellable> all = new ArrayList<>();

                @Override
                public void init(final ProcessorContext<String, String> c) {
                    context = c;
                }

                @Override
                public void process(final Record<String, String> rec) {
                    if (rec.value().startsWith("-")) {
                        all.get(Integer.parseInt(rec.value().substring(1))).cancel();
                        return;
                    }
                    final long interval = Long.parseLong(rec.value());
                    final int n = all.size();
                    all.add(context.schedule(ms(interval), PunctuationType.STREAM_TIME, t -> context.forward(new Record<>("n" + n, "" + interval, t))));
                }
            }, "s1").addSink("k1", "out", "p"))
            .in("a", "k", "10", 1).in("a", "k", "5", 2).in("a", "k", "10", 3).in("a", "k", "5", 4).in("a", "k", "10", 10).in("a", "k", "-2", 15)
            .in("a", "k", "5", 20).in("a", "k", "10", 30).in("a", "k", "-0", 31).in("a", "k", "5", 40).in("a", "k", "-1", 45).in("a", "k", "10", 60)
            .in("a", "k", "10", 80);
        r.scenario("one task: behind a repartition topic time is that of the whole").dsl(b ->
            b.stream("in", STRINGS).process(timed((c, p) -> p.at(stream, 10, "first"))).selectKey((k, v) -> v == null ? "n" : v.substring(0, 1))
                .repartition(Repartitioned.as("rp")).process(timed((c, p) -> p.at(stream, 10, "second"))).to("out"))
            .in("in", "k", "x", 3).in("in", "k", "y", 14).in("in", "k", "z", 12).in("in", "k", "w", 33);
        r.scenario("one task: repartition with 3 partitions, then windows").dsl(b ->
            b.stream("in", STRINGS).selectKey((k, v) -> v).repartition(Repartitioned.<String, String>as("rp").withNumberOfPartitions(3)).groupByKey()
                .windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("c")).toStream().to("out", Produced.with(TW, Serdes.Long())))
            .in("in", "k", "a", 3).in("in", "k", "b", 25).in("in", "k", "a", 4).in("in", "k", "c", 5).in("in", "k", "d", 19).in("in", "k", "abc", 60)
            .in("in", "k", "21", 41).query("c", "all").metric("dropped-records-total");
        r.scenario("one task: repartition with 3 partitions, then a partitioner and a join").dsl(b -> {
            final KStream<String, String> l = b.stream("L", STRINGS).selectKey((k, v) -> v.substring(0, 1)).repartition(Repartitioned.<String, String>as("l")
                .withNumberOfPartitions(3).withStreamPartitioner((t, k, v, n) -> java.util.Optional.of(java.util.Set.of(0))));
            final KStream<String, String> rr = b.stream("R", STRINGS).repartition(Repartitioned.<String, String>as("r").withNumberOfPartitions(3));
            l.outerJoin(rr, (x, y) -> x + y, JoinWindows.ofTimeDifferenceAndGrace(ms(10), ms(2))).to("out");
        }).in("L", "k", "a1", 3).in("R", "b", "B", 5).in("R", "a", "A", 4).in("L", "k", "c1", 30).in("R", "d", "D", 70).in("L", "k", "e", 100);
        r.scenario("one task: wall clock of two sub-topologies, a cached store").config("statestore.cache.max.bytes", 100000).dsl(b -> {
            b.stream("a", STRINGS).process(timed((c, p) -> p.at(wall, 10, "p"))).groupByKey().reduce((x, y) -> x + "+" + y, Materialized.as("ra")).toStream().to("out");
            b.stream("b", STRINGS).process(timed((c, p) -> {
                p.at(wall, 5, "q");
                p.at(wall, 10, "q2");
            })).groupByKey().reduce((x, y) -> x + "+" + y, Materialized.as("rb")).toStream().to("out");
        }).in("a", "k", "x", 3).in("b", "k", "y", 14).wall(5).wall(5).wall(30).in("a", "p", "z", 4);
        r.scenario("one task: emitted on close in one sub-topology, records in another").dsl(b -> {
            b.stream("a", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).emitStrategy(EmitStrategy.onWindowClose()).count(Materialized.as("ca")).toStream().to("out", Produced.with(TW, Serdes.Long()));
            b.stream("b", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(longs("cb"))
                .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("out", Produced.with(TW, Serdes.Long()));
        }).in("a", "k", "x", 3).in("b", "k", "y", 34).in("a", "k", "z", 8).in("b", "k", "z", 20).in("a", "k", "w", 15).in("b", "k", "w", 50)
            .metric("dropped-records-total");
        r.scenario("one task: a record goes round through topics").dsl(b -> {
            b.stream("in", STRINGS).merge(b.stream("again", STRINGS)).process(timed((c, p) -> p.at(stream, 3, "t"))).filter((k, v) -> v.length() < 12).to("mid");
            b.stream("mid", STRINGS).mapValues(v -> v + "m").split().branch((k, v) -> v.length() < 9, Branched.withConsumer(s -> s.to("again")))
                .defaultBranch(Branched.withConsumer(s -> s.to("out")));
        }).in("in", "k", "x", 3).in("in", "k", "y", 7).in("in", "k", "z", 5);
    }

    private void serdes(final Recorder r) {
        r.scenario("serdes: long keys through groupings and joins").dsl(b -> {
            final KTable<Long, String> t = b.table("T", Consumed.with(Serdes.Long(), S), Materialized.as("t"));
            final KStream<Long, String> s = b.stream("in", Consumed.with(Serdes.Long(), S));
            s.leftJoin(t, (x, y) -> x + y).to("joined", Produced.with(Serdes.Long(), S));
            s.groupByKey(Grouped.with(Serdes.Long(), S)).count(Materialized.<Long, Long, KeyValueStore<Bytes, byte[]>>as("c").withKeySerde(Serdes.Long()))
                .toStream().to("counts", Produced.with(Serdes.Long(), Serdes.Long()));
            t.groupBy((k, v) -> KeyValue.pair(k % 10, v), Grouped.with(Serdes.Long(), S)).reduce((x, y) -> x + y, (x, y) -> x.replaceFirst(y, ""),
                Materialized.<Long, String, KeyValueStore<Bytes, byte[]>>as("g").withKeySerde(Serdes.Long())).toStream().to("grouped", Produced.with(Serdes.Long(), S));
        }).in("T", 5L, "a", 1).in("in", 5L, "x", 2).in("in", -1L, "y", 3).in("T", 15L, "b", 4).in("in", 15L, "z", 5).in("T", -1L, "c", 6).in("T", 5L, "d", 7)
            .in("T", 15L, null, 8).in("in", null, "n", 9).in("in", Long.MAX_VALUE >> 10, "big", 9).query("c", "all").query("t", "all").query("g", "all")
            .metric("dropped-records-total");
        r.scenario("serdes: uuid, short, float, boolean, bytes").dsl(b -> {
            b.stream("u", Consumed.with(Serdes.UUID(), Serdes.Float())).groupBy((k, v) -> (short) (v * 2), Grouped.with("g", Serdes.Short(), Serdes.Float()))
                .reduce((x, y) -> x + y, Materialized.<Short, Float, KeyValueStore<Bytes, byte[]>>as("f").withKeySerde(Serdes.Short()).withValueSerde(Serdes.Float()))
                .toStream().to("f-out", Produced.with(Serdes.Short(), Serdes.Float()));
            b.table("t", Consumed.with(Serdes.Boolean(), Serdes.ByteArray()), Materialized.as("bs")).toStream().to("b-out", Produced.with(Serdes.Boolean(), Serdes.ByteArray()));
        }).in("u", UUID.fromString("00000000-0000-0001-0000-000000000002"), 1.5f, 1).in("u", UUID.fromString("ffffffff-0000-0001-0000-000000000002"), 0.1f, 2)
            .in("u", UUID.fromString("00000000-0000-0001-0000-000000000002"), 0.2f, 3).in("u", null, -1.5f, 3).in("t", true, "x".getBytes(), 4).in("t", false, new byte[0], 5)
            .in("t", true, null, 6).query("f", "all").query("bs", "all").metric("dropped-records-total");
        r.scenario("serdes: lists as aggregates").dsl(b -> {
            b.stream("in", STRINGS).groupByKey().<List<String>>aggregate(ArrayList::new, (k, v, a) -> {
                final List<String> l = new ArrayList<>(a);
                l.add(v);
                return l;
            }, Materialized.<String, List<String>, KeyValueStore<Bytes, byte[]>>as("l").withValueSerde(Serdes.ListSerde(ArrayList.class, S)))
                .toStream().to("texts", Produced.with(S, Serdes.ListSerde(ArrayList.class, S)));
            b.stream("n", Consumed.with(S, Serdes.Integer())).groupByKey(Grouped.with(S, Serdes.Integer())).windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).<List<Integer>>aggregate(ArrayList::new, (k, v, a) -> {
                final List<Integer> l = new ArrayList<>(a);
                l.add(v);
                return l;
            }, Materialized.<String, List<Integer>, WindowStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(Serdes.ListSerde(ArrayList.class, Serdes.Integer())))
                .toStream().to("numbers", Produced.with(TW, Serdes.ListSerde(ArrayList.class, Serdes.Integer())));
        }).in("in", "a", "-", 1).in("in", "a", "x", 2).in("in", "b", "é", 3).in("in", "a", "long text", 4).in("n", "a", 1, 5).in("n", "a", 2, 6).in("n", "a", null, 7).in("n", "a", 3, 8);
        r.scenario("serdes: long keys, windows, sessions and suppress").dsl(b -> {
            final KGroupedStream<Long, Integer> g = b.stream("in", Consumed.with(Serdes.Long(), Serdes.Integer())).groupByKey(Grouped.with(Serdes.Long(), Serdes.Integer()));
            g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5))).reduce(Integer::sum, Materialized.<Long, Integer, WindowStore<Bytes, byte[]>>as("w")
                .withKeySerde(Serdes.Long()).withValueSerde(Serdes.Integer())).suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()).withName("s"))
                .toStream().to("w-out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(Long.class, 10), Serdes.Integer()));
            g.windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).count(Materialized.<Long, Long, SessionStore<Bytes, byte[]>>as("e")
                .withKeySerde(Serdes.Long())).toStream().to("e-out", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(Long.class), Serdes.Long()));
        }).in("in", 1L, 10, 1).in("in", -2L, 5, 3).in("in", 1L, 1, 9).in("in", 1L, 7, 14).in("in", -2L, 2, 8).in("in", 3L, 3, 15).in("in", -2L, 3, 31).in("in", 4L, 0, 31)
            .in("in", 1L, 1, 60).query("w", "all");
        r.scenario("serdes: long keys in stream joins, int foreign keys").dsl(b -> {
            final KStream<Long, String> l = b.stream("L", Consumed.with(Serdes.Long(), S));
            final KStream<Long, Double> rr = b.stream("R", Consumed.with(Serdes.Long(), Serdes.Double()));
            l.outerJoin(rr, (x, y) -> x + "/" + (y == null ? null : y > 1), JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(1)), StreamJoined.with(Serdes.Long(), S, Serdes.Double()).withStoreName("st"))
                .to("out", Produced.with(Serdes.Long(), S));
            final KTable<Long, Integer> orders = b.table("O", Consumed.with(Serdes.Long(), Serdes.Integer()));
            final KTable<Integer, String> people = b.table("P", Consumed.with(Serdes.Integer(), S));
            orders.leftJoin(people, v -> v == 0 ? null : v, (x, y) -> x + "-" + y, Materialized.<Long, String, KeyValueStore<Bytes, byte[]>>as("fk").withKeySerde(Serdes.Long()).withValueSerde(S))
                .toStream().to("fk-out", Produced.with(Serdes.Long(), S));
        }).in("L", 1L, "a", 1).in("R", 1L, 2.0, 3).in("R", 2L, 0.5, 4).in("L", null, "n", 5).in("L", 3L, "c", 20).in("O", 1L, 7, 1).in("P", 7, "p", 2).in("O", 2L, 7, 3).in("O", 1L, 0, 4)
            .in("P", 7, "q", 5).in("P", 7, null, 6).in("O", 2L, null, 7).in("O", 1L, -7, 8).in("P", -7, "m", 9).query("fk", "all");
    }

    private void windowedKeys(final Recorder r) {
        r.scenario("windowed keys: read from a topic, counted and joined").dsl(b -> {
            final KStream<Windowed<String>, String> s = b.stream("in", Consumed.with(TW, S));
            final KTable<Windowed<String>, String> t = b.table("T", Consumed.with(TW, S), Materialized.as("t"));
            s.join(t, (x, y) -> x + y).to("joined", Produced.with(TW, S));
            s.groupByKey(Grouped.with(TW, S)).count(Materialized.<Windowed<String>, Long, KeyValueStore<Bytes, byte[]>>as("c").withKeySerde(TW)).toStream().to("counts", Produced.with(TW, Serdes.Long()));
        }).in("T", key("a", 0), "x", 5).in("in", key("a", 0), "1", 6).in("in", key("a", 10), "2", 7).in("T", key("a", 10), "y", 8).in("in", key("a", 10), "3", 9).in("in", key("b", 10), "4", 9)
            .in("T", key("a", 0), null, 10).in("in", key("a", 0), "5", 11).query("t", "count").query("c", "count");
        r.scenario("windowed keys: of a windowed stream again").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10))).count(Materialized.as("one")).toStream()
                .groupByKey(Grouped.with(TW, Serdes.Long())).windowedBy(TimeWindows.ofSizeAndGrace(ms(20), ms(10)))
                .reduce((x, y) -> x * 10 + y, Materialized.<Windowed<String>, Long, WindowStore<Bytes, byte[]>>as("two").withKeySerde(TW).withValueSerde(Serdes.Long()))
                .toStream().to("out", Produced.with(new WindowedSerdes.TimeWindowedSerde<>(TW, 20), Serdes.Long())))
            .in("in", "a", "x", 1).in("in", "a", "x", 5).in("in", "a", "x", 12).in("in", "b", "x", 13).in("in", "a", "x", 4).in("in", "a", "x", 31).in("in", "a", "x", 15)
            .metric("dropped-records-total");
        r.scenario("windowed keys: streams of two windowed tables joined").dsl(b -> {
            final KStream<Windowed<String>, Long> l = b.stream("L", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("l")).toStream();
            final KStream<Windowed<String>, Long> rr = b.stream("R", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("r")).toStream();
            l.outerJoin(rr, (x, y) -> x + "|" + y, JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(1)), StreamJoined.with(TW, Serdes.Long(), Serdes.Long()).withName("j")).to("out", Produced.with(TW, S));
        }).in("L", "a", "1", 1).in("R", "a", "1", 2).in("R", "b", "1", 12).in("L", "a", "1", 18).in("L", "c", "1", 60).in("R", "c", "1", 90);
        r.scenario("windowed keys: sessions to a table, joined and grouped").dsl(b -> {
            final KTable<Windowed<String>, String> t = b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(20)))
                .reduce((x, y) -> x + y, Materialized.as("s"));
            final KTable<Windowed<String>, String> again = t.toStream().toTable(Named.as("again"), Materialized.<Windowed<String>, String, KeyValueStore<Bytes, byte[]>>as("again-store").withKeySerde(SW).withValueSerde(S));
            again.outerJoin(t, (x, y) -> x + "=" + y).toStream().to("out", Produced.with(SW, S));
            again.groupBy((k, v) -> KeyValue.pair(k.key(), v), Grouped.with("by-key", S, S)).count(Materialized.as("n")).toStream().to("n-out", Produced.with(S, Serdes.Long()));
        }).in("in", "a", "1", 1).in("in", "a", "2", 4).in("in", "b", "3", 10).in("in", "a", "4", 12).in("in", "a", "5", 8).in("in", "b", "6", 3).query("again-store", "count").query("s", "fetch", "a");
        r.scenario("windowed keys: dynamic topics, partitioners, by hand").dsl(b -> {
            final KStream<Windowed<String>, Long> w = b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("w")).toStream();
            w.to(new ByWindow(), Produced.with(TW, Serdes.Long()));
            w.selectKey((k, v) -> k).to("selected", Produced.with(TW, Serdes.Long()).withStreamPartitioner((t, k, v, n) -> java.util.Optional.of(java.util.Set.of(0))));
            w.map((k, v) -> KeyValue.pair(new Windowed<>(k.key() + "!", k.window()), v)).groupByKey(Grouped.with("rp", TW, Serdes.Long())).reduce(Long::sum, Materialized.<Windowed<String>, Long, KeyValueStore<Bytes, byte[]>>as("r").withKeySerde(TW).withValueSerde(Serdes.Long()))
                .toStream((k, v) -> k.key()).to("reduced", Produced.with(S, Serdes.Long()));
        }).in("in", "a", "1", 1).in("in", "a", "1", 4).in("in", "b", "1", 14).in("in", "a", "1", 3);
        r.scenario("windowed keys: suppressed counts grouped by their window").dsl(b ->
            b.stream("in", STRINGS).groupBy((k, v) -> v, Grouped.as("w")).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(2))).count(longs("c"))
                .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).groupBy((k, v) -> KeyValue.pair(k.window().start(), k.key() + v), Grouped.with("by-start", Serdes.Long(), S))
                .reduce((x, y) -> x + "," + y, (x, y) -> x + "-" + y, Materialized.<Long, String, KeyValueStore<Bytes, byte[]>>as("all").withKeySerde(Serdes.Long()))
                .toStream().to("out", Produced.with(Serdes.Long(), S)))
            .in("in", "k", "a", 1).in("in", "k", "b", 4).in("in", "k", "a", 11).in("in", "k", "b", 9).in("in", "k", "c", 25).in("in", "k", "b", 26).in("in", "k", "b", 50).query("all", "all");
        r.scenario("windowed keys: a windowed table filtered and mapped with stores, queried").dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.as("c"))
                .filter((k, v) -> v > 1, Materialized.<Windowed<String>, Long, KeyValueStore<Bytes, byte[]>>as("f").withKeySerde(TW).withValueSerde(Serdes.Long()))
                .mapValues((k, v) -> k.key() + v, Materialized.<Windowed<String>, String, KeyValueStore<Bytes, byte[]>>as("m").withKeySerde(TW).withValueSerde(S))
                .toStream().to("out", Produced.with(TW, S)))
            .in("in", "a", "1", 1).in("in", "a", "1", 4).in("in", "b", "1", 14).in("in", "a", "1", 13).in("in", "a", "1", 16).query("f", "count").query("m", "count");
    }

    private static byte[] key(final String key, final long start) {
        return java.nio.ByteBuffer.allocate(key.length() + 8).put(key.getBytes()).putLong(start).array();
    }

    static final class ByWindow implements TopicNameExtractor<Windowed<String>, Long> {
        @Override
        public String extract(final Windowed<String> k, final Long v, final RecordContext c) {
            return "start-" + k.window().start() + "-" + c.timestamp() + "-" + c.topic();
        }

        @Override
        public String toString() {
            return "by window";
        }
    }

    private static Recorder.Scenario withHeaders(final Recorder.Scenario s) {
        return s.in("in", "a", "1", 1, "h", null, "h", "x", "e", "").in("in", "a", "2", 3, "second", "2").in("in", "b", "3", 12, "h", "3").in("in", "a", "4", 8)
            .in("in", "a", null, 9, "null", null).in("in", "b", "5", 30, "last", "5");
    }

    private void headers(final Recorder r) {
        withHeaders(r.scenario("headers: null, empty and repeated through windows and suppress").dsl(b -> {
            final KTable<Windowed<String>, Long> t = b.stream("in", STRINGS).groupBy((k, v) -> k).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5))).count(longs("w"));
            t.toStream().to("out", Produced.with(TW, Serdes.Long()));
            t.suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("closed", Produced.with(TW, Serdes.Long()));
            t.suppress(Suppressed.untilTimeLimit(ms(5), Suppressed.BufferConfig.unbounded())).toStream().to("limited", Produced.with(TW, Serdes.Long()));
        }));
        withHeaders(r.scenario("headers: sessions, cached, and tables, joined").config("statestore.cache.max.bytes", 100000).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(5))).reduce((x, y) -> x + y, Materialized.as("s")).toStream().to("out", Produced.with(SW, S));
            final KTable<String, String> t = in.toTable(Materialized.as("t"));
            t.leftJoin(t.filter((k, v) -> !v.equals("1")), (x, y) -> x + y, Materialized.as("j")).toStream().to("joined");
        }));
        withHeaders(r.scenario("headers: changed on the way").dsl(b ->
            b.stream("in", STRINGS).process(act((c, rec) -> {
                c.forward(rec.withValue("one"));
                rec.headers().add("added", "1".getBytes());
                c.forward(rec.withValue("two"));
                rec.headers().remove("h");
                c.forward(rec.withTimestamp(rec.timestamp() + 1));
            })).toTable(Materialized.as("t")).toStream().repartition().to("out")));
    }

    private static Recorder.Scenario burst(final Recorder.Scenario s) {
        return s.in("in", "a", "b,c,b", 1).in("in", "b", "a,a", 12).in("in", "a", "c,a,b,d", 5).in("in", "c", "b", 23).in("in", "b", "", 24).in("in", "d", "a,b,a,c,a", 14)
            .in("in", "a", "d,d", 40).in("in", null, "a,b", 41).in("in", "c", "a,b,c,d", 44).metric("dropped-records-total");
    }

    private static KStream<String, String> words(final StreamsBuilder b) {
        return b.stream("in", STRINGS).flatMap((k, v) -> {
            final List<KeyValue<String, String>> l = new ArrayList<>();
            for (final String w : v.split(",")) l.add(KeyValue.pair(w, k + v.length()));
            return l;
        });
    }

    private void bursts(final Recorder r) {
        for (final boolean cached : new boolean[] {false, true}) {
            final String end = cached ? ", cached" : "";
            final Consumer<Recorder.Scenario> config = s -> {
                if (cached) s.config("statestore.cache.max.bytes", 1000000);
            };
            define(r, "bursts: tumbling" + end, config, b -> words(b).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10)))
                .reduce((x, y) -> x + y, Materialized.as("w")).toStream().to("out", Produced.with(TW, S))).query("w", "all").query("w", "backwardAll");
            define(r, "bursts: hopping" + end, config, b -> words(b).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10)).advanceBy(ms(4)))
                .reduce((x, y) -> x + y, Materialized.as("w")).toStream().to("out", Produced.with(TW, S))).query("w", "fetch", "a", 0L, 50L);
            define(r, "bursts: sliding" + end, config, b -> words(b).groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(20)))
                .reduce((x, y) -> x + y, Materialized.as("w")).toStream().to("out", Produced.with(TW, S))).query("w", "all");
            define(r, "bursts: session" + end, config, b -> words(b).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(8), ms(20)))
                .reduce((x, y) -> x + y, Materialized.as("w")).toStream().to("out", Produced.with(SW, S))).query("w", "fetch", "a").query("w", "fetch", "b");
            define(r, "bursts: session, grouped by their ends" + end, config, b -> words(b).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(8), ms(20)))
                .reduce((x, y) -> x + y, Materialized.as("w")).groupBy((k, v) -> KeyValue.pair("" + k.window().end(), v), Grouped.as("e"))
                .aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Materialized.as("agg")).toStream().to("out")).query("agg", "all");
            define(r, "bursts: windows suppressed, then joined" + end, config, b -> {
                final KTable<Windowed<String>, String> w = words(b).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(3))).reduce((x, y) -> x + y, texts("w"));
                w.suppress(Suppressed.untilTimeLimit(ms(4), Suppressed.BufferConfig.maxRecords(3).emitEarlyWhenFull())).outerJoin(w, (x, y) -> x + "=" + y).toStream().to("out", Produced.with(TW, S));
            });
            define(r, "bursts: a count and a table of it, stream joined" + end, config, b -> {
                final KStream<String, String> w = words(b);
                final KTable<String, Long> c = w.groupByKey(Grouped.as("g")).count(Materialized.as("c"));
                final KTable<String, String> t = w.toTable(Named.as("tt"), Materialized.as("t"));
                w.leftJoin(c, (x, y) -> x + "/" + y, Joined.as("j")).to("sj");
                c.outerJoin(t, (x, y) -> x + "=" + y, Named.as("ct"), Materialized.as("ctj")).toStream().to("out");
            }).query("ctj", "all");
            define(r, "bursts: cogroup of two, sliding" + end, config, b -> {
                final KGroupedStream<String, String> g = words(b).groupByKey(Grouped.as("g"));
                final KGroupedStream<String, String> h = b.stream("other", STRINGS).groupByKey();
                g.<String>cogroup((k, v, a) -> a + v).cogroup(h, (k, v, a) -> a + "!" + v).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(5), ms(20)))
                    .aggregate(() -> "", texts("w")).suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("out", Produced.with(TW, S));
            });
            define(r, "bursts: transformed with a store, grouped" + end, config, b -> {
                b.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("seen"), S, S));
                words(b).groupByKey(Grouped.as("g")).reduce((x, y) -> x + y, Materialized.as("r")).transformValues(() -> new Seen(), Materialized.as("tv"), "seen")
                    .groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), v), Grouped.as("h")).count(Materialized.as("n")).toStream().to("out", Produced.with(S, Serdes.Long()));
            }).query("seen", "all").query("tv", "all");
        }
        r.scenario("bursts: versioned, cache on").config("statestore.cache.max.bytes", 1000000).dsl(b -> {
            final KTable<String, String> v = words(b).groupByKey(Grouped.as("g")).reduce((x, y) -> x + y, Materialized.as(Stores.persistentVersionedKeyValueStore("v", ms(20))));
            v.toStream().to("v-out");
            v.groupBy((k, x) -> KeyValue.pair(x.substring(0, 1), x), Grouped.as("h")).aggregate(() -> "", (k, x, a) -> a + "+" + x, (k, x, a) -> a + "-" + x, Materialized.as("a")).toStream().to("a-out");
            words(b).leftJoin(v, (x, y) -> x + y, Joined.<String, String, String>as("late").withGracePeriod(ms(6))).to("j-out");
        }).in("in", "a", "b,c,b", 1).in("in", "b", "a,a", 12).in("in", "a", "c,a,b,d", 5).in("in", "c", "b", 23).in("in", "d", "a,b,a,c,a", 14).in("in", "a", "d,d", 40)
            .query("v", "asOf", "a", 12L).query("v", "asOf", "b", 10L).query("v", "get", "b").metric("dropped-records-total");
    }

    static final class Seen implements ValueTransformerWithKey<String, String, String> {
        private KeyValueStore<String, String> store;

        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext c) {
            store = c.getStateStore("seen");
        }

        @Override
        public String transform(final String k, final String v) {
            final String before = store.get(k);
            store.put(k, v);
            return v == null ? null : v.length() + ":" + before;
        }

        @Override
        public void close() {
        }
    }

    private static Recorder.Scenario define(final Recorder r, final String name, final Consumer<Recorder.Scenario> config, final Consumer<StreamsBuilder> define) {
        final Recorder.Scenario s = r.scenario(name);
        config.accept(s);
        s.dsl(define);
        if (name.contains("cogroup")) s.in("other", "a", "o", 3).in("other", "b", "p", 8);
        return burst(s);
    }

    private static Recorder.Scenario cachedOrNot(final Recorder r, final String name, final boolean cached) {
        return cached ? r.scenario(name + ", cached").config("statestore.cache.max.bytes", 1000000) : r.scenario(name);
    }

    private void readStores(final Recorder r) {
        for (final boolean cached : new boolean[] {false, true}) {
            cachedOrNot(r, "stores read: of a table, a count, windows and sessions", cached).dsl(b -> {
                b.table("T", STRINGS, Materialized.as("t"));
                final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
                g.count(Materialized.as("c"));
                g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10))).count(Materialized.as("w"));
                g.windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(10))).count(Materialized.as("s"));
                b.stream("q", STRINGS).process(act((c, rec) -> {
                    final TimestampedKeyValueStore<String, String> t = c.getStateStore("t");
                    final TimestampedKeyValueStore<String, Long> n = c.getStateStore("c");
                    final TimestampedWindowStore<String, Long> w = c.getStateStore("w");
                    final SessionStore<String, Long> s = c.getStateStore("s");
                    final StringBuilder out = new StringBuilder();
                    out.append(text(t.get(rec.key()))).append(' ').append(text(n.get(rec.key()))).append(" |");
                    try (KeyValueIterator<Windowed<String>, ValueAndTimestamp<Long>> it = w.fetch("a", rec.key(), java.time.Instant.ofEpochMilli(0), java.time.Instant.ofEpochMilli(rec.timestamp()))) {
                        while (it.hasNext()) {
                            final KeyValue<Windowed<String>, ValueAndTimestamp<Long>> e = it.next();
                            out.append(' ').append(e.key.key()).append(e.key.window().start()).append('=').append(text(e.value));
                        }
                    }
                    out.append(" |");
                    try (WindowStoreIterator<ValueAndTimestamp<Long>> it = w.backwardFetch(rec.key(), java.time.Instant.ofEpochMilli(0), java.time.Instant.ofEpochMilli(rec.timestamp()))) {
                        while (it.hasNext()) {
                            final KeyValue<Long, ValueAndTimestamp<Long>> e = it.next();
                            out.append(' ').append(e.key).append('=').append(text(e.value));
                        }
                    }
                    out.append(" |");
                    try (KeyValueIterator<Windowed<String>, Long> it = s.fetch("a", rec.key())) {
                        while (it.hasNext()) {
                            final KeyValue<Windowed<String>, Long> e = it.next();
                            out.append(' ').append(e.key.key()).append(e.key.window().start()).append('-').append(e.key.window().end()).append('=').append(e.value);
                        }
                    }
                    out.append(" |");
                    try (KeyValueIterator<Windowed<String>, Long> it = s.backwardFindSessions(rec.key(), 5, 20)) {
                        while (it.hasNext()) {
                            final KeyValue<Windowed<String>, Long> e = it.next();
                            out.append(' ').append(e.key.window().start()).append('-').append(e.key.window().end()).append('=').append(e.value);
                        }
                    }
                    c.forward(rec.withValue(out.toString()));
                }), "t", "c", "w", "s").to("out");
            }).in("T", "a", "x", 1).in("in", "a", "1", 2).in("in", "b", "1", 4).in("in", "a", "1", 11).in("q", "a", "", 12).in("q", "b", "", 12).in("in", "b", "1", 16).in("in", "a", "1", 15)
                .in("T", "b", "y", 17).in("in", "c", "1", 22).in("q", "b", "", 25).in("q", "a", "", 10).in("q", "c", "", 40);
            cachedOrNot(r, "stores read: written by a processor, a table reads them", cached).dsl(b -> {
                final KTable<String, String> t = b.table("T", STRINGS, Materialized.as("t"));
                b.stream("in", STRINGS).process(act((c, rec) -> {
                    final TimestampedKeyValueStore<String, String> s = c.getStateStore("t");
                    s.put(rec.key(), ValueAndTimestamp.make(rec.value(), rec.timestamp() + 100));
                    c.forward(rec);
                }), "t").join(t, (x, y) -> x + y).to("out");
                t.toStream().to("t-out");
            }).in("T", "a", "x", 1).in("in", "a", "y", 2).in("in", "b", "z", 3).in("T", "b", "w", 4).in("in", "b", "v", 5).in("in", "a", null, 6).query("t", "all");
        }
        r.scenario("stores read: iterators over a cached store while it is written").config("statestore.cache.max.bytes", 100000).topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", act((c, rec) -> {
                final KeyValueStore<String, String> s = c.getStateStore("st");
                final StringBuilder out = new StringBuilder();
                for (final String w : rec.value().split(",")) {
                    if (w.startsWith("-")) s.delete(w.substring(1));
                    else if (w.startsWith("?")) {
                        try (KeyValueIterator<String, String> it = s.prefixScan(w.substring(1), S.serializer())) {
                            while (it.hasNext()) {
                                final KeyValue<String, String> e = it.next();
                                out.append(e.key).append(e.value).append(' ');
                            }
                        }
                    } else if (w.startsWith("<")) {
                        try (KeyValueIterator<String, String> it = s.reverseRange(null, w.substring(1))) {
                            while (it.hasNext()) {
                                final KeyValue<String, String> e = it.next();
                                out.append(e.key).append(e.value).append(' ');
                            }
                        }
                    } else if (w.startsWith(">")) {
                        try (KeyValueIterator<String, String> it = s.range(w.substring(1), null)) {
                            while (it.hasNext()) {
                                final KeyValue<String, String> e = it.next();
                                out.append(e.key).append(e.value).append(' ');
                            }
                        }
                    } else out.append(s.putIfAbsent(w, rec.key() + rec.timestamp())).append(' ');
                }
                c.forward(rec.withValue(out.toString()));
            }), "src").addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("st"), S, S).withCachingEnabled(), "p").addSink("k", "out", "p"))
            .in("in", "k", "b,a,ab,c", 1).in("in", "k", "?a,<b,>b", 2).in("in", "k", "-ab,?a,d,<,>", 3).in("in", "k", "-a,a,-b,>a,?b", 4).in("in", "k", "-zz,<c,>zz", 5).query("st", "all").query("st", "count");
        r.scenario("stores read: a fixed-key processor with stores and timers").dsl(b -> {
            b.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("n"), S, Serdes.Integer()));
            b.stream("in", STRINGS).selectKey((k, v) -> v).processValues(() -> new Numbered(), Named.as("num"), "n").groupByKey(Grouped.as("g")).count(Materialized.as("c")).toStream().to("out");
        }).in("in", "k", "a", 1).in("in", "k", "b", 2).in("in", "k", "a", 12).in("in", "k", "a", 3).in("in", null, "b", 25).query("n", "all").query("c", "all");
    }

    static final class Numbered extends ContextualFixedKeyProcessor<String, String, String> {
        private KeyValueStore<String, Integer> store;

        @Override
        public void init(final org.apache.kafka.streams.processor.api.FixedKeyProcessorContext<String, String> c) {
            super.init(c);
            store = c.getStateStore("n");
            c.schedule(ms(10), PunctuationType.STREAM_TIME, t -> store.put("time", (int) t));
        }

        @Override
        public void process(final FixedKeyRecord<String, String> rec) {
            final Integer n = store.get(rec.key());
            store.put(rec.key(), n == null ? 1 : n + 1);
            context().forward(rec.withValue(rec.value() + n));
            if (n != null) context().forward(rec.withValue("again").withTimestamp(rec.timestamp() + 5));
        }
    }

    private static String text(final ValueAndTimestamp<?> v) {
        return v == null ? "null" : v.value() + "@" + v.timestamp();
    }

    private void joinStores(final Recorder r) {
        for (final boolean cached : new boolean[] {false, true}) {
            cachedOrNot(r, "stores read: of a windowed count, written by a processor", cached).dsl(b -> {
                b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10))).count(Materialized.as("w")).toStream().to("w-out", Produced.with(TW, Serdes.Long()));
                b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(5), ms(10))).count(Materialized.as("s")).toStream().to("s-out", Produced.with(SW, Serdes.Long()));
                b.stream("put", STRINGS).process(act((c, rec) -> {
                    final TimestampedWindowStore<String, Long> w = c.getStateStore("w");
                    final SessionStore<String, Long> s = c.getStateStore("s");
                    final long n = Long.parseLong(rec.value());
                    w.put(rec.key(), n == 0 ? null : ValueAndTimestamp.make(n, rec.timestamp()), rec.timestamp() / 10 * 10);
                    s.put(new Windowed<>(rec.key(), new org.apache.kafka.streams.kstream.internals.SessionWindow(rec.timestamp() - 2, rec.timestamp())), n == 0 ? null : n);
                    if (n > 5) s.remove(new Windowed<>(rec.key(), new org.apache.kafka.streams.kstream.internals.SessionWindow(rec.timestamp() - 2, rec.timestamp())));
                    c.forward(rec);
                }), "w", "s").to("out");
            }).in("in", "a", "1", 3).in("put", "a", "7", 5).in("in", "a", "1", 6).in("put", "b", "3", 14).in("in", "b", "1", 15).in("put", "a", "0", 5).in("in", "a", "1", 9).in("put", "b", "9", 14).in("in", "b", "1", 18)
                .query("w", "all").query("s", "fetch", "a").query("s", "fetch", "b");
            cachedOrNot(r, "chains: two tables and their windows from one burst", cached).dsl(b -> {
                final KStream<String, String> w = words(b);
                final KGroupedStream<String, String> g = w.groupByKey(Grouped.as("g"));
                final KTable<String, Long> n = g.count(Materialized.as("n"));
                n.groupBy((k, v) -> KeyValue.pair("n" + v, k), Grouped.as("by-n")).reduce((x, y) -> x + y, (x, y) -> x.replaceFirst(y, ""), Materialized.as("names")).toStream().to("names-out");
                g.windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(10))).count(longs("w")).toStream((k, v) -> k.key()).toTable(Named.as("last"), Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("last").withKeySerde(S).withValueSerde(Serdes.Long()))
                    .leftJoin(n, (x, y) -> x + "/" + y, Materialized.as("lj")).toStream().to("lj-out");
            }).in("in", "a", "b,c,b", 1).in("in", "b", "a,a", 12).in("in", "a", "c,a,b,d", 5).in("in", "c", "b", 23).in("in", "d", "a,b,a,c,a", 14).in("in", "a", "d,d", 40).query("names", "all").query("lj", "all");
        }
    }

    private void chains(final Recorder r) {
        r.scenario("chains: timestamps changed before windows, joins and tables").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS).process(act((c, rec) -> c.forward(rec.withTimestamp(Long.parseLong(rec.value())))), Named.as("time"));
            s.groupByKey(Grouped.as("g")).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5))).count(Materialized.as("w")).toStream().to("w-out", Produced.with(TW, Serdes.Long()));
            s.toTable(Named.as("tt"), Materialized.as("t")).toStream().to("t-out");
            s.join(s.mapValues(v -> "o" + v), (x, y) -> x + y, JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(2)), StreamJoined.<String, String, String>as("j").withName("j")).to("j-out");
        }).in("in", "a", "10", 100).in("in", "a", "3", 50).in("in", "b", "22", 1).in("in", "a", "8", 200).in("in", "a", "17", 3).in("in", "b", "19", 5).metric("dropped-records-total");
        r.scenario("chains: pattern and lists of topics joined with a table").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            b.stream(Arrays.asList("x", "y"), STRINGS).leftJoin(t, (v, w) -> v + w).to("list");
            b.stream(Pattern.compile("p-[0-9]+"), STRINGS).mapValues(v -> v + "!").to("pattern");
        }).in("T", "a", "1", 1).in("x", "a", "2", 2).in("y", "a", "3", 1).in("p-1", "a", "4", 3).in("p-2", "a", "5", 4).in("x", "b", "6", 5);
        r.scenario("chains: one stream to many sinks, by name and by record").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            s.to("one");
            s.to("two", Produced.<String, String>as("second"));
            s.to(new ByRecord());
            s.mapValues(v -> v == null ? null : v + v).to(new ByRecord(), Produced.<String, String>as("dynamic"));
        }).in("in", "a", "1", 1, "h", "1").in("in", null, null, 2).in("in", "b", "2", 2);
        r.scenario("chains: grouped tables of joins, out of order, deletes").dsl(b -> {
            final KTable<String, String> l = b.table("L", STRINGS), rr = b.table("R", STRINGS);
            final KTable<String, String> j = l.outerJoin(rr, (x, y) -> x + "" + y);
            j.groupBy((k, v) -> KeyValue.pair(v.substring(0, 1), v), Grouped.as("g")).aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Materialized.as("a")).toStream().to("a-out");
            j.filterNot((k, v) -> v.contains("z")).toStream((k, v) -> k + k).to("f-out");
            j.suppress(Suppressed.untilTimeLimit(ms(5), Suppressed.BufferConfig.maxBytes(150).emitEarlyWhenFull())).toStream().to("s-out");
        }).in("L", "k", "a", 10).in("R", "k", "b", 5).in("L", "q", "z", 7).in("L", "k", "c", 3).in("R", "q", "y", 20).in("L", "k", null, 8).in("R", "k", null, 9).in("L", "q", null, 30).in("R", "p", "p", 40);
        r.scenario("chains: aggregate of an outer stream join").dsl(b -> {
            b.stream("L", STRINGS).outerJoin(b.stream("R", STRINGS), (x, y) -> x + "" + y, JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(3)))
                .groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(4))).aggregate(() -> "", (k, v, a) -> a + v, texts("w"))
                .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("out", Produced.with(TW, S));
        }).in("L", "a", "1", 1).in("R", "a", "A", 4).in("L", "b", "2", 6).in("R", "c", "C", 8).in("L", "a", "3", 17).in("R", "a", "B", 30).in("L", "a", "4", 45).in("R", "z", "Z", 70).metric("dropped-records-total");
        r.scenario("chains: a table's updates repartitioned into another table and joined back").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, Materialized.as("t"));
            final KTable<String, String> u = t.toStream().filter((k, v) -> v != null).map((k, v) -> KeyValue.pair(v, k)).toTable(Named.as("inverse"), Materialized.as("u"));
            u.join(t, v -> v, (x, y) -> x + ">" + y, TableJoined.as("back"), Materialized.as("b")).toStream().to("out");
        }).in("T", "a", "x", 1).in("T", "b", "x", 2).in("T", "a", "y", 3).in("T", "b", null, 4).in("T", "a", "z", 2).in("T", null, "z", 5).query("u", "all").query("b", "all").metric("dropped-records-total");
        r.scenario("chains: everything optimised, named").config("topology.optimization", "all").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS.withName("in-source")).selectKey((k, v) -> v, Named.as("by-value"));
            final KTable<String, Long> c = s.groupByKey(Grouped.as("count-rp")).count(Named.as("count-node"), Materialized.as("c"));
            s.join(c, (x, y) -> x + y, Joined.as("joined")).to("out", Produced.as("out-sink"));
            s.join(s, (x, y) -> x + y, JoinWindows.ofTimeDifferenceWithNoGrace(ms(5)), StreamJoined.<String, String, String>as("self-store").withName("self")).to("self-out", Produced.as("self-sink"));
            b.table("T", STRINGS.withName("tt"), Materialized.as("t")).join(c, (x, y) -> x + y, Named.as("tc")).toStream(Named.as("to-stream")).to("t-out", Produced.as("t-sink"));
            s.repartition(Repartitioned.as("by-hand")).peek((k, v) -> { }, Named.as("peeked")).filterNot((k, v) -> v == null, Named.as("not-null")).groupBy((k, v) -> v + v, Grouped.as("again"))
                .windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(10))).count(Named.as("sliding"), Materialized.as("sl")).toStream().to("sl-out", Produced.with(TW, Serdes.Long()).withName("sl-sink"));
        }).in("in", "k", "a", 1).in("in", "k", "b", 4).in("T", "a", "t", 2).in("in", "k", "a", 5).in("T", "a", null, 6).in("in", "k", "a", 3).query("c", "all").query("t", "all");
    }

    static final class ByRecord implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String k, final String v, final RecordContext c) {
            return "d-" + k + "-" + v + "-" + c.offset() + "-" + c.topic() + "-" + c.timestamp();
        }

        @Override
        public String toString() {
            return "by record";
        }
    }

    private void punctuated(final Recorder r) {
        for (final boolean cached : new boolean[] {false, true}) {
            final String end = cached ? ", cached" : "";
            final Recorder.Scenario s = r.scenario("punctuated records: into tables, windows, suppress and joins" + end);
            if (cached) s.config("statestore.cache.max.bytes", 1000000);
            s.dsl(b -> {
                final KStream<String, String> p = b.stream("in", STRINGS).process(ticking(), Named.as("tick"));
                p.groupByKey(Grouped.as("g")).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(5))).count(longs("w"))
                    .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded()).withName("sup")).toStream().to("w-out", Produced.with(TW, Serdes.Long()));
                final KTable<String, String> t = p.toTable(Named.as("tt"), Materialized.as("t"));
                t.toStream().to("t-out");
                t.suppress(Suppressed.untilTimeLimit(ms(12), Suppressed.BufferConfig.unbounded())).toStream().to("s-out");
                p.leftJoin(t, (x, y) -> x + y, Joined.as("stj")).to("j-out");
            }).in("in", "k", "a", 3).in("in", "k", "b", 9, "h", "1").in("in", "q", "c", 14).wall(10).in("in", "k", "d", 27).wall(25).in("in", "q", "e", 55).metric("dropped-records-total").query("t", "all");
        }
        r.scenario("punctuated records: in the sub-topology of the source").dsl(b -> {
            final KStream<String, String> p = b.stream("in", STRINGS).processValues(() -> new Plain(), Named.as("plain"));
            final KStream<String, String> q = b.stream("in2", STRINGS).process(ticking(), Named.as("tick")).repartition(Repartitioned.as("rp"));
            q.outerJoin(p, (x, y) -> x + "|" + y, JoinWindows.ofTimeDifferenceAndGrace(ms(6), ms(2)), StreamJoined.<String, String, String>as("st").withName("j")).to("out");
        }).in("in", "tick", "a", 3).in("in2", "k", "b", 9, "h", "1").in("in", "k", "c", 14).wall(10).in("in2", "k", "d", 27).in("in", "q", "e", 55).wall(1).in("in", "q", "e", 95);
        r.scenario("punctuated records: chosen topics, partitioners and dropped ones").dsl(b -> {
            final KStream<String, String> p = b.stream("in", STRINGS).process(ticking(), Named.as("tick"));
            p.to(new ByContext());
            p.selectKey((k, v) -> k.startsWith("tick") ? null : k).groupByKey(Grouped.as("g")).count(Materialized.as("c")).toStream().to("out", Produced.with(S, Serdes.Long()));
        }).in("in", "k", "a", 3, "h", "1").in("in", "k", "b", 25).wall(10).wall(7).in("in", "k", "c", 26).metric("dropped-records-total");
        r.scenario("punctuated records: a foreign-key join").dsl(b -> {
            final KTable<String, String> right = b.table("R", STRINGS);
            final KTable<String, String> left = b.stream("L", STRINGS).process(act((c, rec) -> c.forward(rec))).toTable(Named.as("tt"), Materialized.as("t"));
            left.leftJoin(right, v -> v, (x, y) -> x + y, Materialized.as("fk")).toStream().to("out");
        }).in("L", "a", "1", 3).in("R", "1", "one", 4).in("L", "b", "1", 5).in("L", "a", null, 6);
        r.scenario("punctuated records: with a grace period, versioned").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, Materialized.<String, String>as(Stores.persistentVersionedKeyValueStore("v", ms(100))).withKeySerde(S).withValueSerde(S));
            b.stream("in", STRINGS).process(ticking(), Named.as("tick")).repartition(Repartitioned.as("rp")).leftJoin(t, (x, y) -> x + y, Joined.<String, String, String>as("j").withGracePeriod(ms(10))).to("out");
        }).in("T", "k", "1", 1).in("in", "k", "a", 3).in("T", "tick", "2", 5).in("in", "k", "b", 14, "h", "1").in("T", "k", "3", 10).in("in", "k", "c", 40).wall(10).in("in", "k", "d", 60).query("v", "asOf", "k", 7L);
    }

    static final class ByContext implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String k, final String v, final RecordContext c) {
            return "d-" + c.offset() + "-" + c.partition() + "-" + c.topic() + "-" + c.timestamp() + "-" + c.headers().toArray().length;
        }

        @Override
        public String toString() {
            return "by context";
        }
    }

    static final class Plain extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(final FixedKeyRecord<String, String> rec) {
            context().forward(rec);
        }
    }

    private static ProcessorSupplier<String, String, String, String> ticking() {
        return timed((c, p) -> {
            p.at(PunctuationType.STREAM_TIME, 10, "tick");
            p.at(PunctuationType.WALL_CLOCK_TIME, 10, "tock");
        });
    }

    private static final long DAY = 86400000L;
    private static final long NOW = 1700000000123L;

    private void odd(final Recorder r) {
        r.scenario("odd inputs: times of today, windows of a day").dsl(b -> {
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.windowedBy(TimeWindows.ofSizeAndGrace(ms(DAY), ms(DAY / 2))).count(longs("d")).suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream()
                .to("d-out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, DAY), Serdes.Long()));
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(DAY)).advanceBy(ms(DAY / 3))).count(Materialized.as("h")).toStream().to("h-out", Produced.with(TW, Serdes.Long()));
            g.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(DAY), ms(DAY))).count(Materialized.as("s")).toStream().to("s-out", Produced.with(TW, Serdes.Long()));
            g.windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(DAY), ms(DAY))).count(Materialized.as("e")).toStream().to("e-out", Produced.with(SW, Serdes.Long()));
            g.windowedBy(UnlimitedWindows.of().startOn(java.time.Instant.ofEpochMilli(NOW))).count(Materialized.as("u")).toStream().to("u-out", Produced.with(TW, Serdes.Long()));
            b.stream("in", STRINGS).outerJoin(b.stream("other", STRINGS), (x, y) -> x + y, JoinWindows.ofTimeDifferenceAndGrace(ms(DAY), ms(DAY)), StreamJoined.<String, String, String>as("j").withName("j")).to("j-out");
        }).in("in", "a", "1", NOW).in("other", "a", "2", NOW - DAY).in("in", "a", "3", NOW + DAY).in("in", "b", "4", NOW - 2 * DAY).in("other", "b", "5", NOW + 2 * DAY).in("in", "a", "6", NOW + DAY / 2)
            .in("in", "a", "7", NOW + 6 * DAY).in("other", "c", "8", NOW + 12 * DAY).query("h", "all").query("e", "fetch", "a").metric("dropped-records-total");
        r.scenario("odd inputs: bytes that are no text").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            s.to("out");
            s.repartition(Repartitioned.as("rp")).to("rp-out");
            s.groupByKey().count(Materialized.as("c")).toStream().to("c-out", Produced.with(S, Serdes.Long()));
            s.groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).reduce((x, y) -> x + y, Materialized.as("w")).toStream().to("w-out", Produced.with(TW, S));
            final KTable<String, String> t = b.table("T", STRINGS, Materialized.as("t"));
            s.leftJoin(t, (x, y) -> x + y).to("j-out");
            t.toStream().to("t-out");
            b.stream("raw", Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).to("raw-out", Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        }).in("in", bytes(0x61, 0xff), bytes(0xc3), 1).in("in", bytes(0x61, 0xfe), bytes(0xe2, 0x82), 2).in("T", bytes(0x61, 0xff), bytes(0xf0, 0x9f, 0x98), 3).in("in", bytes(0x61, 0xc0, 0x80), bytes(0xed, 0xa0, 0x80), 4)
            .in("T", bytes(0x61, 0xf5), bytes(0x80), 5).in("raw", bytes(0xff, 0x00), bytes(), 6).in("raw", bytes(), null, 7).in("in", "a\ufffd", "\u0000", 8).query("c", "all").query("t", "all").query("w", "all");
        r.scenario("odd inputs: empty keys and values").dsl(b -> {
            final KStream<String, String> l = b.stream("L", STRINGS), rr = b.stream("R", STRINGS);
            l.leftJoin(rr, (x, y) -> x + "|" + y, JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(1))).to("j-out");
            l.groupByKey().windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(5))).reduce((x, y) -> x + y, Materialized.as("s")).toStream().to("s-out", Produced.with(SW, S));
            l.groupByKey().windowedBy(TimeWindows.ofSizeWithNoGrace(ms(5))).count(longs("w")).suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("w-out", Produced.with(TW, Serdes.Long()));
            final KTable<String, String> t = l.toTable(Materialized.as("t"));
            t.groupBy((k, v) -> KeyValue.pair(v, k), Grouped.as("g")).count(Materialized.as("n")).toStream().to("n-out", Produced.with(S, Serdes.Long()));
            t.outerJoin(rr.toTable(Materialized.as("u")), (x, y) -> x + "|" + y, Materialized.as("o")).toStream().to("o-out");
        }).in("L", "", "", 1).in("R", "", "", 3).in("R", "", "x", 4).in("L", "", "y", 9).in("L", "a", "", 11).in("R", "a", "", 20).in("L", "", null, 21).in("L", "", "", 40).query("t", "all").query("n", "all").query("o", "all").query("s", "fetch", "");
        r.scenario("odd stores: counts and tables of few entries").dsl(b -> {
            b.stream("in", STRINGS).groupByKey().count(Materialized.as(Stores.lruMap("few", 2))).toStream().to("out", Produced.with(S, Serdes.Long()));
            b.table("T", STRINGS, Materialized.as(Stores.lruMap("t", 2))).filter((k, v) -> v.length() > 1).toStream().to("t-out");
        }).in("in", "a", "", 1).in("in", "b", "", 2).in("in", "a", "", 3).in("in", "c", "", 4).in("in", "b", "", 5).in("in", "a", "", 6).in("T", "a", "xx", 1).in("T", "b", "yy", 2).in("T", "c", "zz", 3)
            .in("T", "a", "x", 4).in("T", "b", null, 5).query("few", "all").query("t", "all").query("few", "count");
        r.scenario("odd stores: a plain store for a table, suppliers of all kinds").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS, Materialized.as(Stores.inMemoryKeyValueStore("plain")));
            final KGroupedStream<String, String> g = b.stream("in", STRINGS).groupByKey();
            g.aggregate(() -> "", (k, v, a) -> a + v, Materialized.<String, String>as(Stores.inMemoryKeyValueStore("agg")).withLoggingDisabled()).toStream().to("out");
            g.windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10))).count(Materialized.<String, Long>as(Stores.inMemoryWindowStore("w", ms(30), ms(10), false)).withCachingDisabled()).toStream().to("w-out", Produced.with(TW, Serdes.Long()));
            g.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(10))).count(Materialized.as(Stores.inMemorySessionStore("s", ms(50)))).toStream().to("s-out", Produced.with(SW, Serdes.Long()));
            t.mapValues(v -> v + v, Materialized.as(Stores.inMemoryKeyValueStore("m"))).join(t, (x, y) -> x + y, Materialized.as(Stores.inMemoryKeyValueStore("jj"))).toStream().to("j-out");
        }).in("T", "a", "1", 1).in("in", "a", "x", 2).in("in", "a", "y", 25).in("in", "b", "y", 70).in("in", "a", "z", 41).in("T", "a", null, 9).in("T", "b", "2", 3).query("plain", "all").query("w", "all").query("s", "fetch", "a").query("jj", "all").query("m", "all").query("agg", "all")
            .metric("dropped-records-total");
        r.scenario("odd routes: a DSL processor chooses a child").dsl(b -> {
            final KStream<String, String> p = b.stream("in", STRINGS).process(act((c, rec) -> {
                if (rec.value().startsWith("x")) c.forward(rec, "left");
                else if (rec.value().startsWith("y")) c.forward(rec.withKey("y"), "right");
                else c.forward(rec);
            }), Named.as("choose"));
            p.mapValues(v -> v + "-l", Named.as("left")).to("l-out");
            p.filter((k, v) -> v.length() > 1, Named.as("right")).groupByKey(Grouped.as("g")).count(Materialized.as("c")).toStream().to("r-out", Produced.with(S, Serdes.Long()));
        }).in("in", "k", "x1", 1).in("in", "k", "y2", 2).in("in", "k", "z3", 3).in("in", "k", "z", 3);
        r.scenario("odd routes: merges of tables, windows and branches").dsl(b -> {
            final KTable<String, String> t = b.table("T", STRINGS);
            final KStream<String, String> s = b.stream("in", STRINGS);
            final java.util.Map<String, KStream<String, String>> m = s.split(Named.as("by-")).branch((k, v) -> v.equals("x"), Branched.as("x")).defaultBranch(Branched.as("rest"));
            final KStream<String, String> all = m.get("by-x").merge(t.toStream(), Named.as("m1")).merge(m.get("by-rest").selectKey((k, v) -> v), Named.as("m2"));
            all.groupByKey(Grouped.as("g")).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(3))).emitStrategy(EmitStrategy.onWindowClose()).reduce((x, y) -> x + y, texts("w")).toStream().to("out", Produced.with(TW, S));
            all.toTable(Named.as("again"), Materialized.as("again")).toStream().to("again-out");
        }).in("in", "k", "x", 1).in("T", "k", "t", 2).in("in", "k", "y", 4).in("T", "k", null, 5).in("in", "k", "x", 12).in("in", "k", "z", 16).in("T", null, "n", 17).in("in", "k", "y", 30).in("in", null, "x", 44).metric("dropped-records-total").query("again", "all");
    }

    private static byte[] bytes(final int... bytes) {
        final byte[] b = new byte[bytes.length];
        for (int i = 0; i < b.length; i++) b[i] = (byte) bytes[i];
        return b;
    }
}
