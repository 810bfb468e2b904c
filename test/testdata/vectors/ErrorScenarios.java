import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** What becomes of records that fail: dead letters, what goes on around them, what is counted. */
public class ErrorScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final Produced<String, String> OUT = Produced.with(S, S);
    private static final Grouped<String, String> GROUPED = Grouped.with(S, S);

    /** Written to topics, it refuses what contains "bad"; read, it is a String. */
    private static final Serde<String> PICKY = Serdes.serdeFrom(new Serializer<String>() {
        @Override
        public byte[] serialize(final String topic, final String data) {
            return data == null ? null : S.serializer().serialize(topic, ok(data));
        }
    }, S.deserializer());

    /** Read, it refuses what contains "bad". */
    private static final Serde<String> READ_PICKY = Serdes.serdeFrom(S.serializer(), new Deserializer<String>() {
        @Override
        public String deserialize(final String topic, final byte[] data) {
            return data == null ? null : ok(new String(data));
        }
    });

    /** Resumes with a dead letter, as the handlers that come with Kafka Streams do for other errors. */
    public static final class LogAndContinueProduction implements ProductionExceptionHandler {
        private String topic;

        @Override
        public void configure(final Map<String, ?> configs) {
            topic = (String) configs.get("errors.dead.letter.queue.topic.name");
        }

        @Override
        public Response handleSerializationError(final ErrorHandlerContext context, final ProducerRecord record,
                                                 final Exception exception, final SerializationExceptionOrigin origin) {
            return topic == null ? Response.resume() : Response.resume(org.apache.kafka.streams.errors.internals
                .ExceptionHandlerUtils.maybeBuildDeadLetterQueueRecords(topic, context.sourceRawKey(),
                    context.sourceRawValue(), context, exception));
        }
    }

    static final class ByLength implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String key, final String value, final RecordContext context) {
            return "out" + ok(value).length();
        }

        @Override
        public String toString() {
            return "by length";
        }
    }

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    /** The callback of all scenarios: fails for what contains "bad". */
    private static String ok(final Object text) {
        if (String.valueOf(text).contains("bad")) {
            throw new IllegalStateException("cannot take " + text);
        }
        return String.valueOf(text);
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> as(final String name) {
        return Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(name).withKeySerde(S).withValueSerde(S);
    }

    private static Materialized<String, String, WindowStore<Bytes, byte[]>> windows() {
        return Materialized.<String, String, WindowStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S);
    }

    private static Materialized<String, String, SessionStore<Bytes, byte[]>> sessions() {
        return Materialized.<String, String, SessionStore<Bytes, byte[]>>as("w").withKeySerde(S).withValueSerde(S);
    }

    private static Recorder.Scenario letters(final Recorder.Scenario s) {
        return s.config("processing.exception.handler", "org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler")
            .config("errors.dead.letter.queue.topic.name", "dlq");
    }

    private static Recorder.Scenario skips(final Recorder.Scenario s) {
        return s.config("processing.exception.handler", "org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler");
    }

    private static Recorder.Scenario unread(final Recorder.Scenario s) {
        return s.config("deserialization.exception.handler", "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler")
            .config("errors.dead.letter.queue.topic.name", "dlq");
    }

    private static Recorder.Scenario unwritten(final Recorder.Scenario s) {
        return s.config("production.exception.handler", LogAndContinueProduction.class.getName())
            .config("errors.dead.letter.queue.topic.name", "dlq");
    }

    private static Recorder.Scenario inputs(final Recorder.Scenario s) {
        return s.in("in", "k", "a", 1, "h", "1").in("in", "k", "bad", 12, "h", "2").in("in", null, "bad", 3).in("in", "m", "b", 5)
            .in("in", "m", "bad2", 4).in("in", "k", "c", 16).in("in", "k", "d", 30).metric("dropped-records-total");
    }

    /** Of two inputs: both sides fail in turn. */
    private static Recorder.Scenario sides(final Recorder.Scenario s) {
        return s.in("L", "k", "l1", 1, "h", "1").in("R", "k", "r1", 2, "h", "2").in("L", "k", "bad", 7, "h", "3").in("R", "k", "r2", 4)
            .in("R", "k", "bad", 8).in("L", "k", "l2", 9).in("L", "m", "bad", 10).in("R", "k", "r3", 6).in("L", "z", "z", 60)
            .in("R", "z", "z", 100).metric("dropped-records-total");
    }

    /** Sets the timestamp and a header, for what comes after it. */
    static final class Change extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> r) {
            r.headers().add("changed", new byte[]{1});
            context().forward(r.withTimestamp(r.timestamp() + 100));
            context().forward(r.withValue(r.value() + "+"));
        }
    }

    static final class FailAfterForward extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> r) {
            context().forward(r);
            ok(r.value());
            context().forward(r.withValue(r.value() + "!"));
        }
    }

    static final class FailFixed extends ContextualFixedKeyProcessor<String, String, String> {
        @Override
        public void process(final FixedKeyRecord<String, String> r) {
            context().forward(r.withValue(r.value() + "?").withTimestamp(77));
            context().forward(r.withValue(ok(r.value())));
        }
    }

    /** Punctuates every ten milliseconds and fails with every second one. */
    static final class Timed extends ContextualProcessor<String, String, String, String> {
        private final PunctuationType type;
        private final boolean below;
        private int count;

        Timed(final PunctuationType type, final boolean below) {
            this.type = type;
            this.below = below;
        }

        @Override
        public void init(final ProcessorContext<String, String> context) {
            super.init(context);
            context.schedule(ms(10), type, now -> {
                final String text = ++count % 2 == 0 ? "bad" + count : "p" + count;
                context.forward(new Record<>("p", below ? text : "p" + count, now));
                if (!below) {
                    ok(text);
                }
            });
        }

        @Override
        public void process(final Record<String, String> r) {
            context().forward(r);
        }
    }

    @Override
    public void define(final Recorder r) {
        stateless(r);
        branching(r);
        aggregations(r);
        tables(r);
        joins(r);
        cached(r);
        timers(r);
        outputs(r);
        reading(r);
    }

    private void stateless(final Recorder r) {
        inputs(letters(r.scenario("dead letter: filter")).dsl(b ->
            b.stream("in", STRINGS).filter((k, v) -> ok(v) != null).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: filterNot")).dsl(b ->
            b.stream("in", STRINGS).filterNot((k, v) -> ok(v) == null).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: map")).dsl(b ->
            b.stream("in", STRINGS).map((k, v) -> KeyValue.pair(v, ok(v))).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: selectKey")).dsl(b ->
            b.stream("in", STRINGS).selectKey((k, v) -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: flatMap")).dsl(b ->
            b.stream("in", STRINGS).flatMap((k, v) -> Arrays.asList(KeyValue.pair(v, "first"), KeyValue.pair(v, ok(v))))
                .to("out", OUT)));
        inputs(letters(r.scenario("dead letter: flatMapValues, below it one of several fails")).dsl(b ->
            b.stream("in", STRINGS).flatMapValues(v -> Arrays.asList("x", v, "y")).mapValues(v -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: peek")).dsl(b ->
            b.stream("in", STRINGS).peek((k, v) -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: foreach")).dsl(b -> b.stream("in", STRINGS).foreach((k, v) -> ok(v))));
        inputs(letters(r.scenario("dead letter: groupBy")).dsl(b ->
            b.stream("in", STRINGS).groupBy((k, v) -> ok(v), GROUPED).count(Materialized.as("n")).toStream()
                .to("out", Produced.with(S, Serdes.Long()))));
        inputs(letters(r.scenario("dead letter: split")).dsl(b ->
            b.stream("in", STRINGS).split().branch((k, v) -> v.equals("a"), Branched.withConsumer(s -> s.to("a", OUT)))
                .branch((k, v) -> ok(v).equals("b"), Branched.withConsumer(s -> s.to("b", OUT)))
                .defaultBranch(Branched.withConsumer(s -> s.to("rest", OUT)))));
        inputs(letters(r.scenario("dead letter: below merge")).dsl(b ->
            b.stream("in", STRINGS).merge(b.stream("in2", STRINGS)).mapValues(v -> ok(v)).to("out", OUT)))
            .in("in2", "z", "bad", 1);
        inputs(letters(r.scenario("dead letter: below repartition")).dsl(b ->
            b.stream("in", STRINGS).selectKey((k, v) -> v + v).repartition(Repartitioned.with(S, S).withName("rep"))
                .mapValues(v -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: processor changes timestamp and headers")).dsl(b ->
            b.stream("in", STRINGS).process(Change::new).mapValues(v -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: processor fails after a forward")).dsl(b ->
            b.stream("in", STRINGS).process(FailAfterForward::new).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: processValues fails after a forward")).dsl(b ->
            b.stream("in", STRINGS).processValues(FailFixed::new).to("out", OUT)));
        inputs(skips(r.scenario("processing CONTINUE without a dead letter topic")).dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> ok(v)).to("out", OUT)));
        inputs(r.scenario("processing fails").dsl(b -> b.stream("in", STRINGS).mapValues(v -> ok(v)).to("out", OUT)));
    }

    private void branching(final Recorder r) {
        inputs(letters(r.scenario("dead letter: after a sink beside it")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.to("first", OUT);
            in.mapValues(v -> ok(v)).to("out", OUT);
            in.mapValues(v -> v + "last").to("last", OUT);
        }));
        inputs(letters(r.scenario("dead letter: before a sink beside it")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.mapValues(v -> ok(v)).to("out", OUT);
            in.to("last", OUT);
        }));
        inputs(letters(r.scenario("dead letter: after a sink below its brother")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.mapValues(v -> v + "x").to("first", OUT);
            in.mapValues(v -> ok(v)).to("out", OUT);
        }));
        inputs(letters(r.scenario("dead letter: deep below a brother of a sink")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS).mapValues(v -> v + "x");
            in.to("first", OUT);
            in.mapValues(v -> v + "y").filter((k, v) -> true).mapValues(v -> ok(v)).to("out", OUT);
        }));
        inputs(letters(r.scenario("dead letter: twice of one record")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.mapValues(v -> ok(v)).to("out", OUT);
            in.filter((k, v) -> ok(v) != null).to("out2", OUT);
        }));
        inputs(letters(r.scenario("dead letter: after an aggregation of the same stream")).dsl(b -> {
            final KGroupedStream<String, String> in = b.stream("in", STRINGS).groupByKey();
            in.reduce((a, v) -> a + v, as("first")).toStream().to("first", OUT);
            in.reduce((a, v) -> ok(a + v), as("second")).toStream().to("second", OUT);
        }).query("first", "all").query("second", "all"));
    }

    private void aggregations(final Recorder r) {
        inputs(letters(r.scenario("dead letter: reducer")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> ok(a + v), as("s")).toStream().to("out", OUT)))
            .query("s", "all");
        inputs(letters(r.scenario("dead letter: aggregator")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().aggregate(() -> "", (k, v, a) -> a + ok(v), as("s")).toStream().to("out", OUT)))
            .query("s", "all");
        inputs(letters(r.scenario("dead letter: initializer")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().aggregate(() -> ok("bad"), (k, v, a) -> a + v, as("s")).toStream().to("out", OUT)));
        inputs(letters(r.scenario("dead letter: below an aggregation")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> a + v, as("s")).toStream().mapValues(v -> ok(v)).to("out", OUT)))
            .query("s", "all");
        inputs(letters(r.scenario("dead letter: a store that refuses the value")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> a + v, as("s").withValueSerde(PICKY)).toStream().to("out", OUT)))
            .query("s", "all");
        inputs(letters(r.scenario("dead letter: aggregator of windows")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(100)).advanceBy(ms(5)))
                .aggregate(() -> "", (k, v, a) -> ok(a + v), windows()).toStream((k, v) -> k.key() + k.window().start()).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: aggregator of the second window only")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(100)).advanceBy(ms(5)))
                .aggregate(() -> "", (k, v, a) -> v.equals("c") && a.isEmpty() ? ok("bad") : a + v, windows())
                .toStream((k, v) -> k.key() + k.window().start()).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: aggregator of sliding windows")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(100)))
                .aggregate(() -> "", (k, v, a) -> ok(a + v), windows()).toStream((k, v) -> k.key() + k.window().start()).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: aggregator of sessions")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(12), ms(100)))
                .aggregate(() -> "", (k, v, a) -> ok(a + v), (k, a, o) -> a + o, sessions())
                .toStream((k, v) -> k.key() + k.window().start()).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: merger of sessions")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(12), ms(100)))
                .aggregate(() -> "", (k, v, a) -> a + v, (k, a, o) -> ok(a + o), sessions())
                .toStream((k, v) -> k.key() + k.window().start()).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: cogroup")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().<String>cogroup((k, v, a) -> ok(a + v))
                .cogroup(b.stream("in2", STRINGS).groupByKey(), (k, v, a) -> ok(v + a)).aggregate(() -> "", as("s"))
                .toStream().to("out", OUT))).in("in2", "k", "bad", 3).in("in2", "k", "z", 4).query("s", "all");
        inputs(letters(r.scenario("dead letter: below windows emitted on close")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(5), ms(0)))
                .emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> a + v, windows())
                .toStream((k, v) -> k.key() + k.window().start()).mapValues(v -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: below suppress")).dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> a + v, as("s"))
                .suppress(Suppressed.untilTimeLimit(ms(8), Suppressed.BufferConfig.unbounded()))
                .toStream().mapValues(v -> ok(v)).to("out", OUT)));
    }

    private void tables(final Recorder r) {
        inputs(letters(r.scenario("dead letter: table filter")).dsl(b ->
            b.table("in", STRINGS, as("t")).filter((k, v) -> ok(v) != null, as("f")).toStream().to("out", OUT)))
            .query("t", "all").query("f", "all");
        inputs(letters(r.scenario("dead letter: table filter, not materialized")).dsl(b ->
            b.table("in", STRINGS).filter((k, v) -> ok(v) != null).toStream().to("out", OUT)));
        inputs(letters(r.scenario("dead letter: table mapValues")).dsl(b ->
            b.table("in", STRINGS, as("t")).mapValues(v -> ok(v), as("m")).toStream().to("out", OUT)))
            .query("t", "all").query("m", "all");
        inputs(letters(r.scenario("dead letter: table source with a store that refuses the value")).dsl(b ->
            b.stream("in", STRINGS).toTable(as("t").withValueSerde(PICKY)).toStream().to("out", OUT))).query("t", "all");
        inputs(letters(r.scenario("dead letter: toStream with a mapper")).dsl(b ->
            b.table("in", STRINGS).toStream((k, v) -> ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: table groupBy")).dsl(b ->
            b.table("in", STRINGS).groupBy((k, v) -> KeyValue.pair(ok(v).substring(0, 1), v), GROUPED)
                .reduce((a, v) -> a + v, (a, v) -> a.replace(v, ""), as("s")).toStream().to("out", OUT))).query("s", "all");
        inputs(letters(r.scenario("dead letter: adder")).dsl(b ->
            b.table("in", STRINGS).groupBy((k, v) -> KeyValue.pair("all", v), GROUPED)
                .reduce((a, v) -> ok(a + v), (a, v) -> a.replace(v, ""), as("s")).toStream().to("out", OUT))).query("s", "all");
        inputs(letters(r.scenario("dead letter: subtractor")).dsl(b ->
            b.table("in", STRINGS).groupBy((k, v) -> KeyValue.pair("all", v), GROUPED)
                .reduce((a, v) -> a + v, (a, v) -> ok(a).replace(v, ""), as("s")).toStream().to("out", OUT))).query("s", "all");
        inputs(letters(r.scenario("dead letter: table fan-out, one of three fails")).dsl(b -> {
            final KTable<String, String> t = b.table("in", STRINGS, as("t"));
            t.mapValues(v -> v + "1").toStream().to("one", OUT);
            t.mapValues(v -> ok(v)).toStream().to("two", OUT);
            t.filter((k, v) -> !"c".equals(v)).toStream().to("three", OUT);
        }));
    }

    private void joins(final Recorder r) {
        final JoinWindows within = JoinWindows.ofTimeDifferenceAndGrace(ms(5), ms(5));
        final ValueJoiner<String, String, String> joiner = (l, o) -> ok(l + o);
        final StreamJoined<String, String, String> stores = StreamJoined.with(S, S, S).withStoreName("j");
        for (final String kind : List.of("join", "leftJoin", "outerJoin")) {
            sides(letters(r.scenario("dead letter: stream " + kind)).dsl(b -> {
                final KStream<String, String> l = b.stream("L", STRINGS);
                final KStream<String, String> o = b.stream("R", STRINGS);
                (kind.equals("join") ? l.join(o, joiner, within, stores) : kind.equals("leftJoin")
                    ? l.leftJoin(o, joiner, within, stores) : l.outerJoin(o, joiner, within, stores)).to("out", OUT);
            }));
            sides(letters(r.scenario("dead letter: table " + kind)).dsl(b -> {
                final KTable<String, String> l = b.table("L", STRINGS);
                final KTable<String, String> o = b.table("R", STRINGS);
                (kind.equals("join") ? l.join(o, joiner, as("s")) : kind.equals("leftJoin") ? l.leftJoin(o, joiner, as("s"))
                    : l.outerJoin(o, joiner, as("s"))).toStream().to("out", OUT);
            })).query("s", "all");
            sides(letters(r.scenario("dead letter: below a table " + kind)).dsl(b -> {
                final KTable<String, String> l = b.table("L", STRINGS);
                final KTable<String, String> o = b.table("R", STRINGS);
                (kind.equals("join") ? l.join(o, PAIR) : kind.equals("leftJoin") ? l.leftJoin(o, PAIR) : l.outerJoin(o, PAIR))
                    .toStream().mapValues(v -> ok(v)).to("out", OUT);
            }));
        }
        sides(letters(r.scenario("dead letter: self join")).dsl(b -> {
            final KStream<String, String> l = b.stream(List.of("L", "R"), STRINGS);
            l.join(l, joiner, within, stores).to("out", OUT);
        }));
        sides(letters(r.scenario("dead letter: self join in one store").config("topology.optimization", "single.store.self.join"))
            .dsl(b -> {
                final KStream<String, String> l = b.stream(List.of("L", "R"), STRINGS);
                l.join(l, joiner, within, stores).to("out", OUT);
            }));
        sides(letters(r.scenario("dead letter: stream-table join")).dsl(b ->
            b.stream("L", STRINGS).join(b.table("R", STRINGS), joiner, Joined.with(S, S, S)).to("out", OUT)));
        sides(letters(r.scenario("dead letter: stream-table leftJoin")).dsl(b ->
            b.stream("L", STRINGS).leftJoin(b.table("R", STRINGS), joiner, Joined.with(S, S, S)).to("out", OUT)));
        sides(letters(r.scenario("dead letter: stream-table join with grace")).dsl(b ->
            b.stream("L", STRINGS).leftJoin(b.table("R", STRINGS, Materialized.as(Stores.persistentVersionedKeyValueStore("v", ms(100)))),
                joiner, Joined.with(S, S, S).withGracePeriod(ms(3))).to("out", OUT)));
        sides(letters(r.scenario("dead letter: global join, selector fails")).dsl(b ->
            b.stream("L", STRINGS).leftJoin(b.globalTable("R", STRINGS), (k, v) -> ok(v), PAIR).to("out", OUT)));
        for (final boolean left : List.of(false, true)) {
            final String kind = left ? "foreign-key leftJoin" : "foreign-key join";
            sides(letters(r.scenario("dead letter: " + kind + ", extractor")).dsl(b -> {
                final KTable<String, String> l = b.table("L", STRINGS);
                final KTable<String, String> o = b.table("R", STRINGS);
                (left ? l.leftJoin(o, v -> ok(v).replaceAll("l.", "k"), PAIR, as("s")) : l.join(o, v -> ok(v).replaceAll("l.", "k"), PAIR, as("s")))
                    .toStream().to("out", OUT);
            })).query("s", "all");
            sides(letters(r.scenario("dead letter: " + kind + ", joiner")).dsl(b -> {
                final KTable<String, String> l = b.table("L", STRINGS);
                final KTable<String, String> o = b.table("R", STRINGS);
                (left ? l.leftJoin(o, v -> "k", joiner, as("s")) : l.join(o, v -> "k", joiner, as("s"))).toStream().to("out", OUT);
            })).query("s", "all");
        }
    }

    private void cached(final Recorder r) {
        inputs(letters(r.scenario("dead letter: below a cached aggregation").config("statestore.cache.max.bytes", 1_000_000)).dsl(b ->
            b.stream("in", STRINGS).groupByKey().reduce((a, v) -> a + v, as("s")).toStream().mapValues(v -> ok(v)).to("out", OUT)))
            .query("s", "all");
        inputs(letters(r.scenario("dead letter: below a cached table").config("statestore.cache.max.bytes", 1_000_000)).dsl(b ->
            b.table("in", STRINGS, as("t")).mapValues(v -> ok(v)).toStream().to("out", OUT))).query("t", "all");
        inputs(letters(r.scenario("dead letter: below cached windows").config("statestore.cache.max.bytes", 1_000_000)).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(100)))
                .aggregate(() -> "", (k, v, a) -> a + v, windows()).toStream((k, v) -> k.key() + ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: below cached sessions").config("statestore.cache.max.bytes", 1_000_000)).dsl(b ->
            b.stream("in", STRINGS).groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(ms(3), ms(100)))
                .aggregate(() -> "", (k, v, a) -> a + v, (k, a, o) -> a + o, sessions())
                .toStream((k, v) -> k.key() + ok(v)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: below a cached aggregation, after a sink beside it")
            .config("statestore.cache.max.bytes", 1_000_000)).dsl(b -> {
                final KStream<String, String> in = b.stream("in", STRINGS);
                in.to("first", OUT);
                in.groupByKey().reduce((a, v) -> a + v, as("s")).toStream().mapValues(v -> ok(v)).to("out", OUT);
            }));
    }

    private void timers(final Recorder r) {
        for (final PunctuationType type : PunctuationType.values()) {
            for (final boolean below : List.of(false, true)) {
                inputs(letters(r.scenario("dead letter: " + (below ? "below a punctuator, " : "punctuator, ") + type)).dsl(b -> {
                    final KStream<String, String> in = b.stream("in", STRINGS).process(() -> new Timed(type, below));
                    (below ? in.mapValues(v -> ok(v)) : in).to("out", OUT);
                })).wall(10).wall(25);
            }
        }
        inputs(skips(r.scenario("punctuator fails, no dead letter topic")).dsl(b ->
            b.stream("in", STRINGS).process(() -> new Timed(PunctuationType.WALL_CLOCK_TIME, false)).to("out", OUT)))
            .wall(10).wall(10).metric("dropped-records-total");
    }

    private void outputs(final Recorder r) {
        inputs(unwritten(r.scenario("dead letter: value that cannot be written")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.to("out", Produced.with(S, PICKY));
            in.to("last", OUT);
        }));
        inputs(unwritten(r.scenario("dead letter: key that cannot be written")).dsl(b ->
            b.stream("in", STRINGS).map((k, v) -> KeyValue.pair(v, k)).process(Change::new).to("out", Produced.with(PICKY, S))));
        inputs(unwritten(r.scenario("dead letter: value that cannot be written, after a sink beside it")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.to("first", OUT);
            in.to("out", Produced.with(S, PICKY));
        }));
        inputs(unwritten(r.scenario("dead letter: value that a repartition topic refuses")).dsl(b ->
            b.stream("in", STRINGS).selectKey((k, v) -> "x").groupByKey(Grouped.with(S, PICKY)).count(Materialized.as("n"))
                .toStream().to("out", Produced.with(S, Serdes.Long()))));
        inputs(skips(r.scenario("value that cannot be written, production fails, processing continues")).dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> v + "!").to("out", Produced.with(S, PICKY))));
        inputs(skips(r.scenario("value that cannot be written below its source, production fails, processing continues")).dsl(b ->
            b.stream("in", STRINGS).to("out", Produced.with(S, PICKY))));
        inputs(r.scenario("value that cannot be written, handlers fail").dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> v + "!").to("out", Produced.with(S, PICKY))));
        inputs(letters(r.scenario("dead letter: partitioner throws")).dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> v + "!").to("out", Produced.with(S, S).withStreamPartitioner(
                (topic, k, v, n) -> Optional.of(Set.of(ok(v).length() * 0))))));
        inputs(letters(r.scenario("dead letter: topic name extractor throws")).dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> v + "!").to(new ByLength(), OUT)));
        inputs(r.scenario("partitioner throws, production continues")
            .config("production.exception.handler", LogAndContinueProduction.class.getName()).dsl(b ->
            b.stream("in", STRINGS).mapValues(v -> v + "!").to("out", Produced.with(S, S).withStreamPartitioner(
                (topic, k, v, n) -> Optional.of(Set.of(ok(v).length() * 0))))));
        inputs(letters(r.scenario("dead letter: after a sink beside it whose partitioner wants none")).dsl(b -> {
            final KStream<String, String> in = b.stream("in", STRINGS);
            in.to("first", Produced.with(S, S).withStreamPartitioner((topic, k, v, n) -> Optional.of(Set.of())));
            in.mapValues(v -> ok(v)).to("out", OUT);
        }));
        inputs(letters(r.scenario("dead letter: partitioner of a repartition throws")).dsl(b ->
            b.stream("in", STRINGS).repartition(Repartitioned.with(S, S).withName("rep")
                .withStreamPartitioner((topic, k, v, n) -> Optional.of(Set.of(ok(v).length() * 0)))).to("out", OUT)));
    }

    private void reading(final Recorder r) {
        inputs(unread(r.scenario("dead letter: value that cannot be read")).dsl(b ->
            b.stream("in", Consumed.with(S, READ_PICKY)).to("out", OUT)));
        inputs(unread(r.scenario("dead letter: key that cannot be read")).dsl(b ->
            b.stream("in", Consumed.with(READ_PICKY, S)).to("out", OUT))).in("in", "bad key", "v", 8, "x", null).in("in", "k", "w", 9);
        inputs(unread(r.scenario("dead letter: table value that cannot be read")).dsl(b ->
            b.table("in", Consumed.with(S, READ_PICKY), as("t")).toStream().to("out", OUT))).query("t", "all");
        inputs(unread(r.scenario("dead letter: below a repartition topic, value that cannot be read")).dsl(b ->
            b.stream("in", STRINGS).selectKey((k, v) -> v).groupByKey(Grouped.with(S, READ_PICKY)).count(Materialized.as("n"))
                .toStream().to("out", Produced.with(S, Serdes.Long()))));
        inputs(unread(r.scenario("dead letter: value that cannot be read, with a timestamp of its own")).dsl(b ->
            b.stream("in", Consumed.with(S, READ_PICKY).withTimestampExtractor((rec, time) -> rec.timestamp() + 1000)).to("out", OUT)));
        inputs(letters(r.scenario("dead letter: a timestamp extractor gives the time")).dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor((rec, time) -> rec.timestamp() + 1000)).mapValues(v -> ok(v)).to("out", OUT)));
        inputs(r.scenario("timestamp extractor throws").dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor((rec, time) -> ok(rec.value()).length())).to("out", OUT)));
        inputs(skips(r.scenario("timestamp extractor throws, handlers CONTINUE"))
            .config("deserialization.exception.handler", "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler").dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor((rec, time) -> ok(rec.value()).length())).to("out", OUT)));
        inputs(r.scenario("timestamp extractor gives a negative time").dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor((rec, time) ->
                String.valueOf(rec.value()).contains("bad") ? -1 : rec.timestamp())).to("out", OUT)));
        inputs(r.scenario("timestamp extractor takes the partition's time").dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor((rec, time) ->
                String.valueOf(rec.value()).contains("bad") ? time : rec.timestamp())).to("out", OUT)));
        inputs(unread(r.scenario("timestamp extractor gives a negative time to what cannot be read")).dsl(b ->
            b.stream("in", Consumed.with(S, READ_PICKY).withTimestampExtractor((rec, time) -> rec.timestamp() > 10 ? -1 : rec.timestamp()))
                .to("out", OUT)));
    }
}
