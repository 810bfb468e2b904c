import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.WallclockTimestampExtractor;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** The Processor API: routing, contexts, punctuation, stores, timestamps, sinks. */
public class ProcessorScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    /** Does what it is told to with every record. */
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

    private static ProcessorSupplier<String, String, String, String> forward() {
        return act((c, r) -> c.forward(r));
    }

    private static ProcessorSupplier<String, String, String, String> suffix(final String suffix) {
        return act((c, r) -> c.forward(r.withValue(r.value() + suffix)));
    }

    private static StoreBuilder<KeyValueStore<String, String>> strings(final String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S);
    }

    /** Appends every value to what the store has under the key, and forwards it. */
    private static ProcessorSupplier<String, String, String, String> append(final String store) {
        return act((c, r) -> {
            final KeyValueStore<String, String> s = c.getStateStore(store);
            final String before = s.get(r.key());
            s.put(r.key(), r.value() == null ? null : (before == null ? "" : before) + r.value());
            c.forward(r.withValue(before + ">" + r.value()));
        });
    }

    private static ProcessorSupplier<String, String, String, String> read(final String store) {
        return act((c, r) -> {
            final KeyValueStore<String, String> s = c.getStateStore(store);
            c.forward(r.withValue(r.value() + "=" + s.get(r.key())));
        });
    }

    static final class TopicOfValue implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String k, final String v, final RecordContext c) {
            return "t-" + v + "-" + c.partition() + "-" + c.headers().toArray().length;
        }

        @Override
        public String toString() {
            return "topic of value";
        }
    }

    @Override
    public void define(final Recorder r) {
        routing(r);
        contexts(r);
        punctuation(r);
        stores(r);
        otherStores(r);
        sinks(r);
        timestamps(r);
        inTheDsl(r);
        errors(r);
    }

    private void routing(final Recorder r) {
        r.scenario("processor: forward to all, to one, to none").topology(() -> new Topology()
            .addSource("src", "in")
            .addProcessor("route", act((c, rec) -> {
                if ("all".equals(rec.value())) c.forward(rec);
                else if (rec.value() != null && !rec.value().isEmpty()) c.forward(rec, rec.value());
            }), "src")
            .addProcessor("a", suffix("-a"), "route").addProcessor("b", suffix("-b"), "route")
            .addSink("sink", "out", "a", "b").addSink("raw", "raw", "route"))
            .in("in", "k", "all", 1).in("in", "k", "a", 2).in("in", "k", "b", 3).in("in", "k", "raw", 4).in("in", "k", "", 5)
            .in("in", "k", null, 6).in("in", null, "all", 7);
        r.scenario("processor: order of forwards, depth first").topology(() -> new Topology()
            .addSource("src", "in", "in2")
            .addProcessor("twice", act((c, rec) -> {
                c.forward(rec.withValue(rec.value() + "1"));
                c.forward(rec.withValue(rec.value() + "2"));
            }), "src")
            .addProcessor("x", suffix("x"), "twice").addProcessor("y", suffix("y"), "twice")
            .addProcessor("z", suffix("z"), "x", "y", "twice").addSink("sink", "out", "z", "x"))
            .in("in", "k", "a", 1).in("in2", "k", "b", 2);
        r.scenario("processor: key, value, timestamp and headers of what is forwarded").topology(() -> new Topology()
            .addSource("src", "in")
            .addProcessor("p", act((c, rec) -> {
                c.forward(rec);
                c.forward(rec.withTimestamp(rec.timestamp() + 100));
                c.forward(new Record<>(rec.value(), rec.key(), 5));
                c.forward(rec.withHeaders(new RecordHeaders().add("h", "new".getBytes())));
                c.forward(new Record<>(null, null, 7, new RecordHeaders().add("n", null)));
                c.forward(rec);
            }), "src")
            .addProcessor("q", suffix("!"), "p").addSink("sink", "out", "q").addSink("direct", "direct", "p"))
            .in("in", "k", "a", 10, "one", "1", "two", null).in("in", null, null, 20);
        r.scenario("processor: a record forwarded to a sink and to the processor beside it").topology(() -> new Topology()
            .addSource("src", "in").addSink("copy", "copy", "src").addProcessor("p", suffix("+"), "src").addSink("sink", "out", "p"))
            .in("in", "k", "a", 1);
        r.scenario("processor: two sources into one processor, two sub-topologies").topology(() -> new Topology()
            .addSource("s1", "a").addSource("s2", "b").addSource("s3", "c")
            .addProcessor("p", suffix("1"), "s1", "s2").addProcessor("q", suffix("2"), "s3")
            .addSink("k1", "out", "p").addSink("k2", "out2", "q"))
            .in("a", "k", "x", 1).in("b", "k", "y", 2).in("c", "k", "z", 3);
        r.scenario("processor: a sink's topic is read again").topology(() -> new Topology()
            .addSource("s1", "in").addSink("k1", "mid", "s1").addSource("s2", "mid").addProcessor("p", suffix("!"), "s2").addSink("k2", "out", "p"))
            .in("in", "k", "x", 1, "h", "1").in("mid", "k", "y", 2);
    }

    private void contexts(final Recorder r) {
        r.scenario("processor: what the context says").topology(() -> new Topology()
            .addSource("src", "in", "in2")
            .addProcessor("p", act((c, rec) -> {
                final RecordMetadata m = c.recordMetadata().get();
                c.forward(rec.withValue(String.join(" ", c.applicationId(), c.taskId().toString(), m.topic(), "" + m.partition(),
                    "" + m.offset(), "" + c.currentStreamTimeMs(), "" + c.currentSystemTimeMs(), "" + rec.timestamp())));
            }), "src").addSink("sink", "out", "p"))
            .in("in", "k", "a", 10).in("in2", "k", "b", 5).in("in", "k", "c", 7).wall(100).in("in", "k", "d", 20);
        r.scenario("processor: metadata stays that of the input, whatever is forwarded").topology(() -> new Topology()
            .addSource("src", "in")
            .addProcessor("p", act((c, rec) -> c.forward(new Record<>("other", rec.value(), 99))), "src")
            .addProcessor("q", act((c, rec) -> c.forward(rec.withValue(c.recordMetadata().get().offset() + " " + rec.timestamp() + " "
                + c.currentStreamTimeMs()))), "p").addSink("sink", "out", "q"))
            .in("in", "k", "a", 10).in("in", "k", "b", 3);
        r.scenario("processor: commit requested").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                c.commit();
                c.forward(rec);
            }), "src").addSink("sink", "out", "p")).in("in", "k", "a", 1);
    }

    /** Schedules as told in init. */
    abstract static class Timed implements Processor<String, String, String, String> {
        protected ProcessorContext<String, String> context;

        @Override
        public void init(final ProcessorContext<String, String> given) {
            context = given;
            schedule();
        }

        abstract void schedule();

        void at(final String key, final long t) {
            context.forward(new Record<>(key, context.currentStreamTimeMs() + "/" + context.currentSystemTimeMs() + "/"
                + context.recordMetadata().map(m -> m.topic() + m.partition() + m.offset()).orElse("none"), t));
        }

        @Override
        public void process(final Record<String, String> rec) {
            context.forward(rec);
        }
    }

    private void punctuation(final Recorder r) {
        r.scenario("punctuation: several schedules, missed intervals").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", () -> new Timed() {
                @Override
                void schedule() {
                    context.schedule(ms(10), PunctuationType.STREAM_TIME, t -> at("s10", t));
                    context.schedule(ms(7), PunctuationType.STREAM_TIME, t -> at("s7", t));
                    context.schedule(ms(10), PunctuationType.WALL_CLOCK_TIME, t -> at("w10", t));
                    context.schedule(ms(25), PunctuationType.WALL_CLOCK_TIME, t -> at("w25", t));
                }
            }, "src").addSink("sink", "out", "p"))
            .in("in", "k", "a", 3).in("in", "k", "b", 9).in("in", "k", "c", 10).in("in", "k", "d", 35).in("in", "k", "e", 12)
            .in("in", "k", "f", 40).wall(9).wall(1).wall(100).wall(4).in("in", "k", "g", 41).wall(50);
        r.scenario("punctuation: scheduled by a record, cancelled by another, by itself").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", () -> new Timed() {
                private Cancellable scheduled;
                private int calls;

                @Override
                void schedule() {
                }

                @Override
                public void process(final Record<String, String> rec) {
                    context.forward(rec);
                    if (rec.value().equals("stream")) scheduled = context.schedule(ms(5), PunctuationType.STREAM_TIME, t -> at("s", t));
                    if (rec.value().equals("wall")) scheduled = context.schedule(ms(5), PunctuationType.WALL_CLOCK_TIME, t -> at("w", t));
                    if (rec.value().equals("three")) scheduled = context.schedule(ms(1), PunctuationType.STREAM_TIME, t -> {
                        at("three", t);
                        if (++calls == 3) scheduled.cancel();
                    });
                    if (rec.value().equals("cancel")) scheduled.cancel();
                }
            }, "src").addSink("sink", "out", "p"))
            .in("in", "k", "a", 3).in("in", "k", "stream", 4).in("in", "k", "b", 8).in("in", "k", "c", 9).in("in", "k", "cancel", 30)
            .in("in", "k", "d", 50).wall(3).in("in", "k", "wall", 51).wall(4).wall(1).wall(12).in("in", "k", "cancel", 52).wall(20)
            .in("in", "k", "three", 60).in("in", "k", "e", 61).in("in", "k", "f", 62).in("in", "k", "g", 63).in("in", "k", "h", 64);
        r.scenario("punctuation: anchored starts").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", () -> new Timed() {
                @Override
                void schedule() {
                    context.schedule(Instant.ofEpochMilli(15), ms(10), PunctuationType.STREAM_TIME, t -> at("s15", t));
                    context.schedule(Instant.ofEpochMilli(0), ms(10), PunctuationType.STREAM_TIME, t -> at("s0", t));
                    context.schedule(Instant.ofEpochMilli(7), ms(20), PunctuationType.WALL_CLOCK_TIME, t -> at("w7", t));
                    context.schedule(Instant.ofEpochMilli(0), ms(20), PunctuationType.WALL_CLOCK_TIME, t -> at("w0", t));
                }
            }, "src").addSink("sink", "out", "p"))
            .in("in", "k", "a", 3).in("in", "k", "b", 14).in("in", "k", "c", 16).in("in", "k", "d", 24).in("in", "k", "e", 26)
            .wall(6).wall(1).wall(14).wall(5).wall(2).wall(100);
        r.scenario("punctuation: a store written and read").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", () -> new Timed() {
                private KeyValueStore<String, String> store;

                @Override
                void schedule() {
                    store = context.getStateStore("st");
                    context.schedule(ms(10), PunctuationType.STREAM_TIME, t -> {
                        try (KeyValueIterator<String, String> all = store.all()) {
                            while (all.hasNext()) {
                                final KeyValue<String, String> e = all.next();
                                context.forward(new Record<>(e.key, e.value, t));
                                if (e.value.length() > 2) store.delete(e.key);
                            }
                        }
                        store.put("last", "" + t);
                    });
                }

                @Override
                public void process(final Record<String, String> rec) {
                    final String before = store.get(rec.key());
                    store.put(rec.key(), (before == null ? "" : before) + rec.value());
                }
            }, "src").addStateStore(strings("st"), "p").addSink("sink", "out", "p"))
            .in("in", "b", "1", 3).in("in", "a", "2", 5).in("in", "b", "3", 12).in("in", "b", "4", 19)
            .in("in", "b", "5", 22).query("st", "all");
    }

    private void stores(final Recorder r) {
        r.scenario("processor: a store of its own, another's, and one that both have").topology(() -> new Topology()
            .addSource("src", "in").addSource("src2", "in2")
            .addProcessor("p", append("one"), "src").addProcessor("q", append("two"), "src2")
            .addStateStore(strings("one"), "p").addStateStore(strings("two"), "q")
            .addProcessor("reader", read("one"), "q").addSink("sink", "out", "p").addSink("sink2", "out2", "reader")
            .connectProcessorAndStateStores("reader", "one", "two"))
            .in("in", "k", "a", 1).in("in2", "k", "x", 2).in("in", "k", "b", 3).in("in2", "k", "y", 4).in("in", "k", null, 5)
            .in("in2", "k", "z", 6).in("in2", "q", "z", 6).query("one", "all").query("two", "all");
        final StoreBuilder<KeyValueStore<String, String>> shared = strings("shared");
        r.scenario("processor: suppliers bring one store along").topology(() -> new Topology()
            .addSource("src", "in").addSource("src2", "in2")
            .addProcessor("p", connected(append("shared"), shared), "src").addProcessor("q", connected(read("shared"), shared), "src2")
            .addSink("sink", "out", "p", "q"))
            .in("in", "k", "a", 1).in("in2", "k", "x", 2).in("in", "k", "b", 3).query("shared", "all");
        r.scenario("processor: a store that nobody is connected to").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", forward(), "src").addStateStore(strings("unused")).addSink("sink", "out", "p"))
            .in("in", "k", "a", 1).query("unused", "all");
        r.scenario("processor: key-value store, every operation").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                final KeyValueStore<String, String> s = c.getStateStore("kv");
                c.forward(rec.withValue(operate(s, rec.key(), rec.value())));
            }), "src").addStateStore(strings("kv"), "p").addSink("sink", "out", "p"))
            .in("in", "b", "put 1", 1).in("in", "a", "put 2", 2).in("in", "ab", "put 3", 3).in("in", "c", "put 4", 4)
            .in("in", "b", "putIfAbsent 5", 5).in("in", "d", "putIfAbsent 6", 6).in("in", "a", "get", 7).in("in", "z", "get", 8)
            .in("in", "b", "range c", 9).in("in", "b", "reverseRange d", 10).in("in", "a", "prefix", 11).in("in", "k", "all", 12)
            .in("in", "k", "reverseAll", 13).in("in", "k", "count", 14).in("in", "a", "delete", 15).in("in", "a", "delete", 16)
            .in("in", "zz", "delete", 17).in("in", "c", "putNull", 18).in("in", "k", "all", 19).in("in", "", "put e", 20)
            .in("in", "é", "put u", 21).in("in", "k", "all", 22).in("in", "k", "count", 23).query("kv", "all");
        r.scenario("processor: store without a changelog").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", append("st"), "src")
            .addStateStore(strings("st").withLoggingDisabled(), "p").addSink("sink", "out", "p"))
            .in("in", "k", "a", 1).in("in", "k", "b", 2).query("st", "all");
        r.scenario("processor: cached store, several writes of one record").config("statestore.cache.max.bytes", 100000).topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                final KeyValueStore<String, String> s = c.getStateStore("st");
                s.put(rec.key(), rec.value() + 1);
                s.put("other", s.get(rec.key()) + 2);
                s.put(rec.key(), s.get("other") + 3);
                s.delete("never");
                if ("del".equals(rec.value())) s.delete(rec.key());
                c.forward(rec.withValue("" + s.get(rec.key())));
            }), "src").addStateStore(strings("st").withCachingEnabled(), "p").addSink("sink", "out", "p"))
            .in("in", "k", "a", 5).in("in", "k", "b", 3).in("in", "k", "del", 7).in("in", "q", "del", 8).query("st", "all");
        r.scenario("processor: store of the least recently used").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", append("lru"), "src")
            .addStateStore(Stores.keyValueStoreBuilder(Stores.lruMap("lru", 2), S, S), "p").addSink("sink", "out", "p"))
            .in("in", "a", "1", 1).in("in", "b", "2", 2).in("in", "a", "3", 3).in("in", "c", "4", 4).in("in", "b", "5", 5)
            .in("in", "a", null, 6).in("in", "d", "7", 7).query("lru", "all");
        r.scenario("processor: timestamped store").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                final TimestampedKeyValueStore<String, String> s = c.getStateStore("ts");
                final ValueAndTimestamp<String> before = s.get(rec.key());
                s.put(rec.key(), ValueAndTimestamp.make(rec.value(), rec.timestamp() + 1000));
                c.forward(rec.withValue(before == null ? "none" : before.value() + "@" + before.timestamp()));
            }), "src").addStateStore(Stores.timestampedKeyValueStoreBuilder(Stores.persistentTimestampedKeyValueStore("ts"), S, S), "p")
            .addSink("sink", "out", "p"))
            .in("in", "k", "a", 5).in("in", "k", "b", 3).in("in", "k", null, 7).in("in", "k", "c", 8).query("ts", "all");
        r.scenario("processor: read-only store filled from a topic").topology(() -> new Topology()
            .addReadOnlyStateStore(strings("rates").withLoggingDisabled(), "rates-src", S.deserializer(), S.deserializer(), "rates", "rates-p",
                () -> new Processor<String, String, Void, Void>() {
                    private KeyValueStore<String, String> s;

                    @Override
                    public void init(final ProcessorContext<Void, Void> context) {
                        s = context.getStateStore("rates");
                    }

                    @Override
                    public void process(final Record<String, String> rec) {
                        s.put(rec.key(), rec.value());
                    }
                })
            .addSource("src", "in").addProcessor("p", read("rates"), "src").connectProcessorAndStateStores("p", "rates")
            .addSink("sink", "out", "p"))
            .in("rates", "eur", "1", 1).in("in", "eur", "10", 2).in("rates", "eur", "2", 1).in("in", "eur", "20", 3).in("in", "usd", "5", 4)
            .in("rates", "eur", null, 5).in("in", "eur", "30", 6).query("rates", "all");
    }

    private static <V> ProcessorSupplier<String, String, String, String> connected(
            final ProcessorSupplier<String, String, String, String> supplier, final StoreBuilder<?> store) {
        return new ProcessorSupplier<String, String, String, String>() {
            @Override
            public Processor<String, String, String, String> get() {
                return supplier.get();
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Collections.singleton(store);
            }
        };
    }

    private static String operate(final KeyValueStore<String, String> s, final String key, final String value) {
        final String[] parts = value.split(" ");
        switch (parts[0]) {
            case "put":
                s.put(key, parts[1]);
                return "ok";
            case "putNull":
                s.put(key, null);
                return "ok";
            case "putIfAbsent":
                return "" + s.putIfAbsent(key, parts[1]);
            case "get":
                return "" + s.get(key);
            case "delete":
                return "" + s.delete(key);
            case "count":
                return "" + s.approximateNumEntries();
            case "range":
                return rows(s.range(key, parts[1]));
            case "reverseRange":
                return rows(s.reverseRange(key, parts[1]));
            case "prefix":
                return rows(s.prefixScan(key, S.serializer()));
            case "all":
                return rows(s.all());
            default:
                return rows(s.reverseAll());
        }
    }

    private static String rows(final KeyValueIterator<?, String> it) {
        final StringBuilder b = new StringBuilder();
        try (it) {
            while (it.hasNext()) {
                final KeyValue<?, String> e = it.next();
                if (e.key instanceof Windowed) {
                    final Windowed<?> w = (Windowed<?>) e.key;
                    b.append(w.key()).append('@').append(w.window().start()).append('-').append(w.window().end());
                } else {
                    b.append(e.key);
                }
                b.append('=').append(e.value).append(' ');
            }
        }
        return b.toString();
    }

    private void otherStores(final Recorder r) {
        for (final boolean duplicates : new boolean[] {false, true}) {
            r.scenario("processor: window store" + (duplicates ? " with duplicates" : "")).topology(() -> new Topology()
                .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                    final WindowStore<String, String> s = c.getStateStore("w");
                    if ("rows".equals(rec.value())) {
                        final StringBuilder b = new StringBuilder();
                        try (WindowStoreIterator<String> it = s.fetch(rec.key(), 0, 1000)) {
                            it.forEachRemaining(e -> b.append(e.key).append('=').append(e.value).append(' '));
                        }
                        c.forward(rec.withValue(b + "| " + rows(s.all()) + "| " + rows(s.fetchAll(10, 20)) + "| " + rows(s.fetch("a", "b", 5, 30))));
                    } else {
                        s.put(rec.key(), rec.value(), rec.timestamp());
                        c.forward(rec.withValue(duplicates ? "put" : s.fetch(rec.key(), rec.timestamp())));
                    }
                }), "src").addStateStore(Stores.windowStoreBuilder(Stores.inMemoryWindowStore("w", ms(30), ms(10), duplicates), S, S), "p")
                .addSink("sink", "out", "p"))
                .in("in", "b", "1", 5).in("in", "a", "2", 10).in("in", "b", "3", 12).in("in", "b", "4", 5).in("in", "b", "rows", 13)
                .in("in", "a", null, 10).in("in", "b", "rows", 14).in("in", "a", "5", 40).in("in", "b", "6", 10).in("in", "b", "7", 11)
                .in("in", "b", "rows", 41).in("in", "c", "8", 100).in("in", "b", "rows", 101).metric("dropped-records-total")
                .query("w", "all");
        }
        r.scenario("processor: session store").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                final SessionStore<String, String> s = c.getStateStore("s");
                final long t = rec.timestamp();
                if ("rows".equals(rec.value())) {
                    c.forward(rec.withValue(rows(s.fetch(rec.key())) + "| " + rows(s.findSessions(rec.key(), 10, 30)) + "| "
                        + rows(s.findSessions("a", "c", 0, 100)) + "| " + s.fetchSession(rec.key(), 5, 9)));
                } else {
                    s.put(new Windowed<>(rec.key(), new SessionWindowAccess(t, t + 4).window()), rec.value());
                    c.forward(rec);
                }
            }), "src").addStateStore(Stores.sessionStoreBuilder(Stores.inMemorySessionStore("s", ms(50)), S, S), "p").addSink("sink", "out", "p"))
            .in("in", "b", "1", 5).in("in", "a", "2", 10).in("in", "b", "3", 20).in("in", "b", "rows", 21).in("in", "b", null, 5)
            .in("in", "b", "rows", 22).in("in", "c", "4", 60).in("in", "a", "old", 1).in("in", "a", "rows", 61)
            .metric("dropped-records-total");
        r.scenario("processor: versioned store").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", act((c, rec) -> {
                final VersionedKeyValueStore<String, String> s = c.getStateStore("v");
                final long t = rec.timestamp();
                if ("get".equals(rec.value())) c.forward(rec.withValue(show(s.get(rec.key())) + " " + show(s.get(rec.key(), t))));
                else if ("delete".equals(rec.value())) c.forward(rec.withValue(show(s.delete(rec.key(), t))));
                else c.forward(rec.withValue("" + s.put(rec.key(), rec.value(), t)));
            }), "src").addStateStore(Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("v", ms(30)), S, S), "p")
            .addSink("sink", "out", "p"))
            .in("in", "k", "a", 10).in("in", "k", "b", 20).in("in", "k", "c", 15).in("in", "k", "get", 12).in("in", "k", "get", 17)
            .in("in", "k", "get", 25).in("in", "k", "get", 5).in("in", "k", "delete", 18).in("in", "k", "get", 19).in("in", "k", "get", 18)
            .in("in", "k", "delete", 30).in("in", "k", "get", 31).in("in", "k", "d", 100).in("in", "k", "old", 60).in("in", "k", "e", 70)
            .in("in", "k", "get", 69).in("in", "k", "get", 72).in("in", "q", "delete", 80).in("in", "k", null, 75).in("in", "k", "get", 76)
            .in("in", "k", "same", 100).in("in", "k", "get", 100).query("v", "get", "k").query("v", "asOf", "k", 70L)
            .metric("dropped-records-total");
    }

    private static String show(final VersionedRecord<String> v) {
        return v == null ? "none" : v.value() + "@" + v.timestamp() + (v.validTo().isPresent() ? "-" + v.validTo().get() : "");
    }

    /** Session windows are internal; the DSL's are had from a window of its own. */
    static final class SessionWindowAccess {
        private final long start;
        private final long end;

        SessionWindowAccess(final long start, final long end) {
            this.start = start;
            this.end = end;
        }

        Window window() {
            return new org.apache.kafka.streams.kstream.internals.SessionWindow(start, end);
        }
    }

    private void sinks(final Recorder r) {
        final StreamPartitioner<String, String> dropsX = (topic, k, v, n) ->
            "x".equals(v) ? Optional.of(Collections.emptySet()) : "many".equals(v) ? Optional.of(new HashSet<>(Arrays.asList(0))) : Optional.empty();
        r.scenario("sink: partitioner that drops, chooses, leaves it").topology(() -> new Topology()
            .addSource("src", "in").addSink("sink", "out", dropsX, "src"))
            .in("in", "k", "x", 1).in("in", "k", "many", 2).in("in", "k", "y", 3).in("in", null, "y", 4).in("in", null, null, 5)
            .metric("dropped-records-total");
        r.scenario("sink: topic chosen by a function, with a partitioner").topology(() -> new Topology()
            .addSource("src", "in").addProcessor("p", forward(), "src").addSink("sink", new TopicOfValue(), S.serializer(), S.serializer(), dropsX, "p"))
            .in("in", "k", "x", 1).in("in", "k", "y", 3, "h", "1").in("in", null, "z", 4);
        r.scenario("sink: to() with a partitioner").dsl(b ->
            b.stream("in", STRINGS).to("out", Produced.<String, String>with(S, S).withStreamPartitioner(dropsX)))
            .in("in", "k", "x", 1).in("in", "k", "y", 2).in("in", "k", null, 3);
        r.scenario("sink: repartition with a partitioner").dsl(b ->
            b.stream("in", STRINGS).repartition(Repartitioned.<String, String>with(S, S).withName("r").withStreamPartitioner(dropsX)).to("out"))
            .in("in", "k", "x", 1).in("in", "k", "y", 2).in("in", null, "z", 3).in("in", "k", null, 4);
    }

    /** The number in the value; none: -1. */
    static final class NumberOfValue implements TimestampExtractor {
        @Override
        public long extract(final ConsumerRecord<Object, Object> rec, final long partitionTime) {
            final String v = (String) rec.value();
            if (v == null) return -1;
            if (v.equals("partition")) return partitionTime;
            return v.matches("[0-9]+") ? Long.parseLong(v) : rec.timestamp();
        }
    }

    private void timestamps(final Recorder r) {
        r.scenario("timestamps: an extractor that drops, chooses, repeats").dsl(b -> {
            final KStream<String, String> s = b.stream("in", Consumed.with(S, S).withTimestampExtractor(new NumberOfValue()));
            s.to("out");
            s.groupByKey().count(Materialized.as("n"));
        }).in("in", "k", "partition", 1).in("in", "k", "100", 2).in("in", "k", null, 3).in("in", "k", "50", 4).in("in", "k", "partition", 5)
            .in("in", "k", "x", 6).metric("dropped-records-total");
        r.scenario("timestamps: of the wall clock").dsl(b ->
            b.stream("in", Consumed.with(S, S).withTimestampExtractor(new WallclockTimestampExtractor())).filter((k, v) -> false).to("out"))
            .in("in", "k", "a", 1);
        r.scenario("timestamps: each source its own").topology(() -> new Topology()
            .addSource(new NumberOfValue(), "s1", "a").addSource("s2", "b").addProcessor("p", act((c, rec) ->
                c.forward(rec.withValue(rec.timestamp() + " " + c.currentStreamTimeMs()))), "s1", "s2").addSink("sink", "out", "p"))
            .in("a", "k", "20", 1).in("b", "k", "x", 5).in("a", "k", null, 7).in("b", "k", "y", 30).in("a", "k", "10", 40)
            .metric("dropped-records-total");
        r.scenario("timestamps: the table's extractor").dsl(b ->
            b.table("in", Consumed.with(S, S).withTimestampExtractor(new NumberOfValue()), Materialized.as("t")).toStream().to("out"))
            .in("in", "k", "100", 1).in("in", "k", "x", 2).in("in", "k", null, 3).query("t", "all").metric("dropped-records-total");
    }

    private void inTheDsl(final Recorder r) {
        r.scenario("process: new keys, grouped behind a repartition topic").dsl(b ->
            b.stream("in", STRINGS).process(act((c, rec) -> c.forward(rec.withKey(rec.value()).withValue(rec.key()))))
                .groupByKey(Grouped.with(S, S)).count(Materialized.as("n")).toStream().to("out"))
            .in("in", "k", "a", 1).in("in", "k", "a", 2).in("in", "k", null, 3).metric("dropped-records-total");
        r.scenario("processValues: the key stays, grouped without a repartition topic").dsl(b ->
            b.stream("in", STRINGS).processValues(() -> new ContextualFixedKeyProcessor<String, String, String>() {
                @Override
                public void process(final FixedKeyRecord<String, String> rec) {
                    context().forward(rec);
                    context().forward(rec.withValue(rec.value() + "2").withTimestamp(rec.timestamp() + 10));
                    if (rec.value() != null) context().forward(rec.withValue((String) null).withHeaders(new RecordHeaders().add("h", null)), "second");
                }
            }, Named.as("both")).mapValues(v -> "" + v, Named.as("second")).groupByKey().count(Materialized.as("n")).toStream().to("out"))
            .in("in", "k", "a", 1, "g", "1").in("in", "k", null, 3).in("in", null, "b", 4).metric("dropped-records-total");
        r.scenario("process and processValues, named and not").dsl(b -> {
            final KStream<String, String> s = b.stream("in", STRINGS);
            s.process(forward()).process(forward(), Named.as("named")).processValues(() -> new ContextualFixedKeyProcessor<String, String, String>() {
                @Override
                public void process(final FixedKeyRecord<String, String> rec) {
                    context().forward(rec);
                }
            }).to("out", Produced.with(S, S));
            s.filter((k, v) -> true).process(connected(append("st"), strings("st"))).to("out2", Produced.with(S, S));
        }).in("in", "k", "a", 1).in("in", "k", "b", 2).query("st", "all");
        final StoreBuilder<KeyValueStore<String, String>> st = strings("st");
        r.scenario("process: one store, two processors of two streams").dsl(b -> {
            b.addStateStore(st);
            b.stream("in", STRINGS).process(append("st"), "st").to("out", Produced.with(S, S));
            b.stream("in2", STRINGS).process(read("st"), Named.as("reader"), "st").to("out2", Produced.with(S, S));
        }).in("in", "k", "a", 1).in("in2", "k", "x", 2).in("in", "k", "b", 3).in("in2", "q", "y", 4).query("st", "all");
        r.scenario("process: the store of a table").dsl(b -> {
            b.table("t", STRINGS, Materialized.as("tbl"));
            b.stream("in", STRINGS).process(act((c, rec) -> {
                final TimestampedKeyValueStore<String, String> s = c.getStateStore("tbl");
                final ValueAndTimestamp<String> v = s.get(rec.key());
                c.forward(rec.withValue(v == null ? "none" : v.value() + "@" + v.timestamp()));
            }), "tbl").to("out", Produced.with(S, S));
        }).in("t", "k", "T", 5).in("in", "k", "a", 1).in("t", "k", null, 6).in("in", "k", "b", 7);
    }

    private void errors(final Recorder r) {
        r.scenario("error: a processor throws").topology(() -> new Topology().addSource("src", "in").addProcessor("p", act((c, rec) -> {
            c.forward(rec);
            if ("bad".equals(rec.value())) throw new IllegalStateException("no " + rec.value());
        }), "src").addSink("sink", "out", "p")).in("in", "k", "a", 1).in("in", "k", "bad", 2);
        r.scenario("error: forward to a child that is not there").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", act((c, rec) -> c.forward(rec, "nobody")), "src").addSink("sink", "out", "p")).in("in", "k", "a", 1);
        r.scenario("error: a negative timestamp is forwarded").topology(() -> new Topology().addSource("src", "in")
            .addProcessor("p", act((c, rec) -> c.forward(rec.withTimestamp(-1))), "src").addSink("sink", "out", "p")).in("in", "k", "a", 1);
        r.scenario("error: a store is added twice").topology(() -> new Topology().addSource("src", "in").addProcessor("p", forward(), "src")
            .addStateStore(strings("st"), "p").addStateStore(strings("st"), "p"));
        r.scenario("error: a store is connected to a source").topology(() -> new Topology().addSource("src", "in")
            .addStateStore(strings("st"), "src"));
        r.scenario("error: an unknown store is connected").topology(() -> new Topology().addSource("src", "in").addProcessor("p", forward(), "src")
            .connectProcessorAndStateStores("p", "st"));
        r.scenario("error: no store is connected").topology(() -> new Topology().addSource("src", "in").addProcessor("p", forward(), "src")
            .connectProcessorAndStateStores("p"));
        r.scenario("error: a sink as a parent").topology(() -> new Topology().addSource("src", "in").addSink("sink", "out", "src")
            .addProcessor("p", forward(), "sink"));
        r.scenario("error: a sink without a parent").topology(() -> new Topology().addSource("src", "in").addSink("sink", "out"));
        r.scenario("error: the read-only store's topic has a source").topology(() -> new Topology().addSource("src", "in")
            .addReadOnlyStateStore(strings("st").withLoggingDisabled(), "s2", S.deserializer(), S.deserializer(), "in", "p2",
                () -> rec -> { }));
        final Processor<String, String, String, String> one = new Act((c, rec) -> { });
        r.scenario("error: a supplier gives one processor twice").topology(() -> new Topology().addSource("src", "in").addProcessor("p", () -> one, "src"));
    }
}
