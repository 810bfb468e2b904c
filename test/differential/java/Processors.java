package differential;

import static differential.Callbacks.last;
import static differential.Callbacks.mayFail;
import static differential.Callbacks.text;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;

/** Processors of the random topologies, and what they do with a store of each kind: the same as in processors.ts. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class Processors {
    private static final Serde<String> S = Serdes.String();

    private Processors() {
    }

    static StoreBuilder<?> store(final JsonNode of) {
        StoreBuilder<?> store = builder(of.get("store").asText(), of.get("kind").asText());
        if (of.has("caching")) {
            store = store.withCachingEnabled();
        }
        return of.has("logging") ? store.withLoggingDisabled() : store;
    }

    private static StoreBuilder<?> builder(final String name, final String kind) {
        switch (kind) {
            case "keyValue":
                return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S);
            case "timestamped":
                return Stores.timestampedKeyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S);
            case "session":
                return Stores.sessionStoreBuilder(Stores.inMemorySessionStore(name, Duration.ofMillis(60)), S, S);
            case "versioned":
                return Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore(name, Duration.ofMillis(30)), S, S);
            default:
                return Stores.windowStoreBuilder(Stores.inMemoryWindowStore(name, Duration.ofMillis(60), Duration.ofMillis(10),
                    kind.equals("duplicates")), S, S);
        }
    }

    /** What a processor has of stores: its own, or a global one that it reads. */
    private static final class Memory {
        private final JsonNode call;
        private final String kind;
        private final Object store;
        private final Object global;

        private interface Open {
            Object store(String name);
        }

        Memory(final JsonNode call, final Open open) {
            this.call = call;
            kind = call.has("uses") ? call.get("uses").get("kind").asText() : null;
            store = kind == null ? null : open.store(call.get("uses").get("store").asText());
            global = call.has("reads") ? open.store(call.get("reads").asText()) : null;
        }

        String take(final Object key, final Object value, final long timestamp) {
            mayFail(call, value);
            if (global != null) {
                return last(text(value), 5) + "=" + orDash(plain(((KeyValueStore<String, Object>) global).get(text(key))));
            }
            if (key == null || kind == null) {
                return last(text(value) + "p", 6);
            }
            return use(text(key), value == null ? null : text(value), timestamp);
        }

        private String use(final String key, final String value, final long time) {
            switch (kind) {
                case "keyValue": return keyValue((KeyValueStore<String, String>) store, key, value);
                case "timestamped": return timestamped((KeyValueStore<String, ValueAndTimestamp<String>>) store, key, value, time);
                case "window": return window((WindowStore<String, String>) store, key, value, time);
                case "duplicates": return duplicates((WindowStore<String, String>) store, key, value, time);
                case "session": return session((SessionStore<String, String>) store, key, value, time);
                default: return versioned((VersionedKeyValueStore<String, String>) store, key, value, time);
            }
        }

        String scan(final String how) {
            if (kind == null) {
                return "";
            }
            switch (kind) {
                case "versioned": return "v";
                case "session": return scanSessions((SessionStore<String, String>) store, how);
                case "window":
                case "duplicates": return scanWindows((WindowStore<String, String>) store, how);
                default: return scanKeys((KeyValueStore<String, Object>) store, how);
            }
        }
    }

    private static String keyValue(final KeyValueStore<String, String> store, final String key, final String value) {
        final String before = store.get(key);
        final String now = value == null ? null : last((before == null ? "" : before) + value, 5);
        store.put(key, now);
        return now;
    }

    private static String timestamped(final KeyValueStore<String, ValueAndTimestamp<String>> store, final String key,
                                      final String value, final long time) {
        final ValueAndTimestamp<String> before = store.get(key);
        final String now = value == null ? null : last((before == null ? "" : before.value()) + value, 4);
        store.put(key, ValueAndTimestamp.make(now, time));
        return now == null ? null : now + "@" + (before == null ? "-" : before.timestamp());
    }

    private static String window(final WindowStore<String, String> store, final String key, final String value, final long time) {
        final long start = time - time % 10;
        final String before = value == null ? null : store.fetch(key, start);
        final String now = value == null ? null : last((before == null ? "" : before) + value, 4);
        store.put(key, now, start);
        if (now == null) {
            return null;
        }
        int count = 0;
        try (KeyValueIterator<?, String> rows = (KeyValueIterator) store.fetch(key, Math.max(0, time - 25), time)) {
            for (; rows.hasNext(); rows.next()) {
                count++;
            }
        }
        return now + "#" + count;
    }

    private static String duplicates(final WindowStore<String, String> store, final String key, final String value, final long time) {
        store.put(key, value, time);
        return told(store.fetch(key, key, Instant.ofEpochMilli(Math.max(0, time - 15)), Instant.ofEpochMilli(time)));
    }

    private static String session(final SessionStore<String, String> store, final String key, final String value, final long time) {
        final List<KeyValue<Windowed<String>, String>> found = new ArrayList<>();
        try (KeyValueIterator<Windowed<String>, String> rows = store.findSessions(key, Math.max(0, time - 6), time + 6)) {
            rows.forEachRemaining(found::add);
        }
        long start = time;
        long end = time;
        final StringBuilder all = new StringBuilder();
        for (final KeyValue<Windowed<String>, String> row : found) {
            store.remove(row.key);
            start = Math.min(start, row.key.window().start());
            end = Math.max(end, row.key.window().end());
            all.append(row.value);
        }
        if (value == null) {
            return null;
        }
        final String now = last(all + value, 5);
        store.put(new Windowed<>(key, new SessionWindow(start, end)), now);
        return now;
    }

    private static String versioned(final VersionedKeyValueStore<String, String> store, final String key, final String value,
                                    final long time) {
        final long validTo = store.put(key, value, time);
        final VersionedRecord<String> before = store.get(key, Math.max(0, time - 4));
        final VersionedRecord<String> latest = store.get(key);
        return (validTo == VersionedKeyValueStore.PUT_RETURN_CODE_NOT_PUT ? "x"
            : validTo == VersionedKeyValueStore.PUT_RETURN_CODE_VALID_TO_UNDEFINED ? "-" : String.valueOf(validTo))
            + "/" + (before == null ? "-" : before.value()) + "/" + (latest == null ? "-" : String.valueOf(latest.timestamp()));
    }

    private static String scanKeys(final KeyValueStore<String, Object> store, final String how) {
        if (how.equals("some")) {
            return told(store.range("a", "b")) + ";" + told(store.prefixScan("a", new StringSerializer()));
        }
        return told(how.equals("all") ? store.all() : store.reverseAll());
    }

    private static String scanWindows(final WindowStore<String, String> store, final String how) {
        if (how.equals("some")) {
            return told(store.fetch("a", "b", Instant.ofEpochMilli(5), Instant.ofEpochMilli(40)));
        }
        return told(how.equals("all") ? store.all()
            : store.backwardFetchAll(Instant.ofEpochMilli(5), Instant.ofEpochMilli(60)));
    }

    private static String scanSessions(final SessionStore<String, String> store, final String how) {
        switch (how) {
            case "some": return told(store.findSessions("a", "b", 5, 40));
            case "all": return told(store.fetch("a"));
            default: return told(store.backwardFetch("a"));
        }
    }

    /** The end of all that is in the rows. */
    private static String told(final KeyValueIterator<?, ?> rows) {
        final List<String> all = new ArrayList<>();
        while (rows.hasNext()) {
            final KeyValue<?, ?> row = rows.next();
            all.add(text(row.key) + "=" + toldValue(row.value));
        }
        rows.close();
        return last(String.join(",", all), 30);
    }

    private static String toldValue(final Object value) {
        return value instanceof ValueAndTimestamp
            ? text(((ValueAndTimestamp<?>) value).value()) + "@" + ((ValueAndTimestamp<?>) value).timestamp() : text(value);
    }

    private static Object plain(final Object value) {
        return value instanceof ValueAndTimestamp ? ((ValueAndTimestamp<?>) value).value() : value;
    }

    private static String orDash(final Object value) {
        return value == null ? "-" : text(value);
    }

    private static Set<StoreBuilder<?>> brought(final JsonNode call) {
        return call.has("brings") ? Set.of(store(call.get("uses"))) : null;
    }

    static final class RememberSupplier implements ProcessorSupplier<Object, Object, Object, Object> {
        private final JsonNode call;

        RememberSupplier(final JsonNode call) {
            this.call = call;
        }

        @Override
        public Processor<Object, Object, Object, Object> get() {
            return new Remember(call);
        }

        @Override
        public Set<StoreBuilder<?>> stores() {
            return brought(call);
        }
    }

    static final class RememberValuesSupplier implements FixedKeyProcessorSupplier<Object, Object, Object> {
        private final JsonNode call;

        RememberValuesSupplier(final JsonNode call) {
            this.call = call;
        }

        @Override
        public FixedKeyProcessor<Object, Object, Object> get() {
            return new RememberValues(call);
        }

        @Override
        public Set<StoreBuilder<?>> stores() {
            return brought(call);
        }
    }

    private static final class Remember extends ContextualProcessor<Object, Object, Object, Object> {
        private final JsonNode call;
        private Memory memory;

        private Remember(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void init(final ProcessorContext<Object, Object> context) {
            super.init(context);
            memory = new Memory(call, name -> context.getStateStore(name));
            if (call.has("punctuate")) {
                final Duration interval = Duration.ofMillis(call.get("punctuate").asLong());
                context.schedule(interval, PunctuationType.STREAM_TIME, t -> context.forward(new Record<>("s", "n" + t, t)));
                context.schedule(interval, PunctuationType.WALL_CLOCK_TIME,
                    t -> context.forward(new Record<>("w", t + ":" + memory.scan("all"), t)));
            }
        }

        @Override
        public void process(final Record<Object, Object> r) {
            context().forward(r.withValue(memory.take(r.key(), r.value(), r.timestamp())));
            if (call.has("scan")) {
                context().forward(r.withKey((Object) "scan").withValue(memory.scan(call.get("scan").asText())));
            }
        }
    }

    private static final class RememberValues extends ContextualFixedKeyProcessor<Object, Object, Object> {
        private final JsonNode call;
        private Memory memory;

        private RememberValues(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void init(final FixedKeyProcessorContext<Object, Object> context) {
            super.init(context);
            memory = new Memory(call, name -> context.getStateStore(name));
        }

        @Override
        public void process(final FixedKeyRecord<Object, Object> r) {
            context().forward(r.withValue(memory.take(r.key(), r.value(), r.timestamp())));
        }
    }

    static final class Transform implements ValueTransformerWithKey<Object, Object, Object> {
        private final JsonNode call;
        private org.apache.kafka.streams.processor.ProcessorContext context;
        private Memory memory;

        Transform(final JsonNode call) {
            this.call = call;
        }

        @Override
        public void init(final org.apache.kafka.streams.processor.ProcessorContext given) {
            context = given;
            memory = new Memory(call, name -> (StateStore) given.getStateStore(name));
        }

        @Override
        public Object transform(final Object key, final Object value) {
            final String now = memory.take(key, value, context.timestamp());
            return value == null ? null : now;
        }

        @Override
        public void close() {
        }
    }

    /** Fills a global store; some values are not kept. */
    static final class Keep implements Processor<String, String, Void, Void> {
        private final String name;
        private KeyValueStore<String, String> store;

        Keep(final String name) {
            this.name = name;
        }

        @Override
        public void init(final ProcessorContext<Void, Void> context) {
            store = context.getStateStore(name);
        }

        @Override
        public void process(final Record<String, String> r) {
            if (r.key() != null) {
                store.put(r.key(), r.value() == null || r.value().startsWith("n") ? null : r.value());
            }
        }
    }
}
