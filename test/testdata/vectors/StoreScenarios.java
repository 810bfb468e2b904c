import java.time.Duration;
import java.util.Random;
import java.util.function.BiFunction;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/**
 * Stores of every kind under long random programs: each record is one command to the store "s", its answer is forwarded.
 * The first word of the value is the command, the others its arguments; ~ is null.
 */
public class StoreScenarios implements Recorder.Catalog {

    private static final Serde<String> S = Serdes.String();
    private static final String[] KEYS = {"a", "b", "aa", "é"};

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    static final class Obey<T extends StateStore> extends ContextualProcessor<String, String, String, String> {
        private final BiFunction<T, Record<String, String>, String> obey;

        Obey(final BiFunction<T, Record<String, String>, String> obey) {
            this.obey = obey;
        }

        @Override
        public void process(final Record<String, String> record) {
            final T store = context().getStateStore("s");
            context().forward(record.withValue(obey.apply(store, record)));
        }
    }

    private static <T extends StateStore> Topology topology(final StoreBuilder<T> store, final BiFunction<T, Record<String, String>, String> obey) {
        return new Topology().addSource("src", "in").addProcessor("p", () -> new Obey<T>(obey), "src")
            .addStateStore(store, "p").addSink("sink", "out", "p");
    }

    private static String text(final String word) {
        return "~".equals(word) ? null : word;
    }

    private static long time(final String word) {
        return Long.parseLong(word);
    }

    private static String rows(final KeyValueIterator<Windowed<String>, String> it) {
        final StringBuilder b = new StringBuilder();
        it.forEachRemaining(e -> b.append(e.key.key()).append('[').append(e.key.window().start()).append(',')
            .append(e.key.window().end()).append("]=").append(e.value).append(' '));
        it.close();
        return b.toString();
    }

    private static String starts(final WindowStoreIterator<String> it) {
        final StringBuilder b = new StringBuilder();
        it.forEachRemaining(e -> b.append(e.key).append('=').append(e.value).append(' '));
        it.close();
        return b.toString();
    }

    private static String window(final WindowStore<String, String> s, final Record<String, String> record) {
        final String k = record.key();
        final String[] w = record.value().split(" ");
        switch (w[0]) {
            case "put": s.put(k, text(w[2]), time(w[1])); return "put";
            case "fetch": return "" + s.fetch(k, time(w[1]));
            case "range": return starts(s.fetch(k, time(w[1]), time(w[2])));
            case "back": return starts(s.backwardFetch(k, time(w[1]), time(w[2])));
            case "keys": return rows(s.fetch(text(w[1]), text(w[2]), time(w[3]), time(w[4])));
            case "keysBack": return rows(s.backwardFetch(text(w[1]), text(w[2]), time(w[3]), time(w[4])));
            case "between": return rows(s.fetchAll(time(w[1]), time(w[2])));
            case "betweenBack": return rows(s.backwardFetchAll(time(w[1]), time(w[2])));
            case "all": return rows(s.all());
            case "allBack": return rows(s.backwardAll());
            default: throw new IllegalArgumentException(w[0]);
        }
    }

    private static String session(final SessionStore<String, String> s, final Record<String, String> record) {
        final String k = record.key();
        final String[] w = record.value().split(" ");
        switch (w[0]) {
            case "put": s.put(new Windowed<>(k, new SessionWindow(time(w[1]), time(w[2]))), text(w[3])); return "put";
            case "fetch": return "" + s.fetchSession(k, time(w[1]), time(w[2]));
            case "range": return rows(s.findSessions(k, time(w[1]), time(w[2])));
            case "back": return rows(s.backwardFindSessions(k, time(w[1]), time(w[2])));
            case "keys": return rows(s.findSessions(text(w[1]), text(w[2]), time(w[3]), time(w[4])));
            case "keysBack": return rows(s.backwardFindSessions(text(w[1]), text(w[2]), time(w[3]), time(w[4])));
            case "all": return rows(s.fetch(k));
            case "allBack": return rows(s.backwardFetch(k));
            default: throw new IllegalArgumentException(w[0]);
        }
    }

    private static String show(final VersionedRecord<String> v) {
        return v == null ? "none" : v.value() + "@" + v.timestamp();
    }

    private static String versioned(final VersionedKeyValueStore<String, String> s, final Record<String, String> record) {
        final String k = record.key();
        final String[] w = record.value().split(" ");
        switch (w[0]) {
            case "put": return "" + s.put(k, text(w[2]), time(w[1]));
            case "get": return show(s.get(k));
            case "asOf": return show(s.get(k, time(w[1])));
            case "delete": return show(s.delete(k, time(w[1])));
            default: throw new IllegalArgumentException(w[0]);
        }
    }

    private static String plain(final KeyValueStore<String, String> s, final Record<String, String> record) {
        final String k = record.key();
        final String[] w = record.value().split(" ");
        switch (w[0]) {
            case "put": s.put(k, text(w[1])); return "put";
            case "putIfAbsent": return "" + s.putIfAbsent(k, w[1]);
            case "delete": return "" + s.delete(k);
            case "get": return "" + s.get(k);
            case "range": return entries(s.range(text(w[1]), text(w[2])));
            case "back": return entries(s.reverseRange(text(w[1]), text(w[2])));
            case "prefix": return entries(s.prefixScan(w[1], S.serializer()));
            case "count": return "" + s.approximateNumEntries();
            default: throw new IllegalArgumentException(w[0]);
        }
    }

    private static String entries(final KeyValueIterator<String, String> it) {
        final StringBuilder b = new StringBuilder();
        it.forEachRemaining(e -> b.append(e.key).append('=').append(e.value).append(' '));
        it.close();
        return b.toString();
    }

    /** Times that go on, mostly by little, and look back further than the retention. */
    private static final class Program {
        final Random random;
        final long scale;
        long now = 0;
        int value = 0;

        Program(final long seed, final long scale) {
            this.random = new Random(seed);
            this.scale = scale;
        }

        String key() {
            return KEYS[random.nextInt(KEYS.length)];
        }

        String maybeKey() {
            return random.nextInt(4) == 0 ? "~" : key();
        }

        String value() {
            return random.nextInt(4) == 0 ? "~" : "v" + value++;
        }

        long time() {
            return Math.max(0, now - (random.nextInt(3) == 0 ? random.nextInt(45) : random.nextInt(12)) * scale);
        }

        String times() {
            final long from = time();
            return from + " " + (from + random.nextInt(25) * scale);
        }

        void goOn() {
            now += random.nextInt(20) == 0 ? 25 * scale : random.nextInt(5) * scale;
        }
    }

    private static void windows(final Recorder.Scenario s, final Program p, final boolean ofAllKeys) {
        for (int i = 0; i < 70; i++) {
            p.goOn();
            final String command;
            switch (p.random.nextInt(ofAllKeys ? 14 : 9)) {
                case 0: command = "fetch " + p.time(); break;
                case 1: command = "range " + p.times(); break;
                case 2: command = "back " + p.times(); break;
                case 9: command = "keys " + p.maybeKey() + " " + p.maybeKey() + " " + p.times(); break;
                case 10: command = "keysBack " + p.maybeKey() + " " + p.maybeKey() + " " + p.times(); break;
                case 11: command = "between " + p.times(); break;
                case 12: command = "betweenBack " + p.times(); break;
                case 13: command = p.random.nextBoolean() ? "all" : "allBack"; break;
                default: command = "put " + p.time() + " " + p.value();
            }
            s.in("in", p.key(), command, p.now);
        }
        s.metric("dropped-records-total");
    }

    private static void sessions(final Recorder.Scenario s, final Program p, final boolean ofAllKeys) {
        for (int i = 0; i < 70; i++) {
            p.goOn();
            final String command;
            switch (p.random.nextInt(ofAllKeys ? 12 : 10)) {
                case 0: command = "fetch " + p.times(); break;
                case 1: command = "range " + p.times(); break;
                case 2: command = "back " + p.times(); break;
                case 3: command = p.random.nextBoolean() ? "all" : "allBack"; break;
                case 10: command = "keys " + p.maybeKey() + " " + p.maybeKey() + " " + p.times(); break;
                case 11: command = "keysBack " + p.maybeKey() + " " + p.maybeKey() + " " + p.times(); break;
                default: command = "put " + p.times() + " " + p.value();
            }
            s.in("in", p.key(), command, p.now);
        }
        s.metric("dropped-records-total");
    }

    private static void versions(final Recorder.Scenario s, final Program p) {
        for (int i = 0; i < 120; i++) {
            p.goOn();
            final String command;
            switch (p.random.nextInt(10)) {
                case 0: command = "get"; break;
                case 1: case 2: command = "asOf " + p.time(); break;
                case 3: command = "delete " + p.time(); break;
                default: command = "put " + p.time() + " " + p.value();
            }
            s.in("in", p.random.nextInt(3) > 0 ? "a" : p.key(), command, p.now);
        }
        s.metric("dropped-records-total");
    }

    private static void entries(final Recorder.Scenario s, final Program p) {
        for (int i = 0; i < 60; i++) {
            p.goOn();
            final String command;
            switch (p.random.nextInt(12)) {
                case 0: command = "get"; break;
                case 1: command = "range " + p.maybeKey() + " " + p.maybeKey(); break;
                case 2: command = "back " + p.maybeKey() + " " + p.maybeKey(); break;
                case 3: command = "prefix a"; break;
                case 4: command = "putIfAbsent v" + p.value++; break;
                case 5: command = "delete"; break;
                default: command = "put " + p.value();
            }
            s.in("in", p.key(), command, p.now);
        }
    }

    @Override
    public void define(final Recorder r) {
        for (int seed = 1; seed <= 4; seed++) {
            final int n = seed;
            windows(r.scenario("store: windows " + n).topology(() -> topology(
                Stores.windowStoreBuilder(Stores.inMemoryWindowStore("s", ms(30), ms(10), false), S, S), StoreScenarios::window)),
                new Program(seed, 1), true);
            windows(r.scenario("store: windows with duplicates " + n).topology(() -> topology(
                Stores.windowStoreBuilder(Stores.inMemoryWindowStore("s", ms(30), ms(10), true), S, S), StoreScenarios::window)),
                new Program(10 + seed, 1), true);
            windows(r.scenario("store: windows over segments " + n).topology(() -> topology(
                Stores.windowStoreBuilder(Stores.inMemoryWindowStore("s", ms(300_000), ms(10), false), S, S), StoreScenarios::window)),
                new Program(20 + seed, 10_000), true);
            windows(r.scenario("store: cached windows " + n).config("statestore.cache.max.bytes", "10000000").topology(() -> topology(
                Stores.windowStoreBuilder(Stores.inMemoryWindowStore("s", ms(30), ms(10), false), S, S).withCachingEnabled(), StoreScenarios::window)),
                new Program(30 + seed, 1), true);
            sessions(r.scenario("store: sessions " + n).topology(() -> topology(
                Stores.sessionStoreBuilder(Stores.inMemorySessionStore("s", ms(30)), S, S), StoreScenarios::session)),
                new Program(40 + seed, 1), true);
            sessions(r.scenario("store: cached sessions " + n).config("statestore.cache.max.bytes", "10000000").topology(() -> topology(
                Stores.sessionStoreBuilder(Stores.inMemorySessionStore("s", ms(30)), S, S).withCachingEnabled(), StoreScenarios::session)),
                new Program(50 + seed, 1), false);
            versions(r.scenario("store: versions " + n).topology(() -> topology(
                Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("s", ms(30)), S, S), StoreScenarios::versioned)),
                new Program(60 + seed, 1));
            versions(r.scenario("store: versions over segments " + n).topology(() -> topology(
                Stores.versionedKeyValueStoreBuilder(Stores.persistentVersionedKeyValueStore("s", ms(9_000)), S, S), StoreScenarios::versioned)),
                new Program(70 + seed, 300));
            entries(r.scenario("store: key-value " + n).topology(() -> topology(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("s"), S, S), StoreScenarios::plain)), new Program(80 + seed, 1));
            entries(r.scenario("store: cached key-value " + n).config("statestore.cache.max.bytes", "10000000").topology(() -> topology(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("s"), S, S).withCachingEnabled(), StoreScenarios::plain)),
                new Program(90 + seed, 1));
        }
        for (int max = 1; max <= 3; max++) {
            final int n = max;
            entries(r.scenario("store: key-value with at most " + n).topology(() -> topology(
                Stores.keyValueStoreBuilder(Stores.lruMap("s", n), S, S), StoreScenarios::lru)), new Program(100 + max, 1));
        }
    }

    /** Without ranges, whose order in a map by last use is that of the last use. */
    private static String lru(final KeyValueStore<String, String> s, final Record<String, String> record) {
        final String command = record.value().split(" ")[0];
        return "range".equals(command) || "back".equals(command) || "prefix".equals(command) ? "not asked" : plain(s, record);
    }
}
