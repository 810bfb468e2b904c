package differential;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.kstream.internals.NamedInternal;
import org.apache.kafka.streams.state.Stores;

/** Options of the calls of a program, as Kafka Streams takes them: the counterpart of replay-options.ts. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class Options {
    static final Serde S = Serdes.String();

    private Options() {
    }

    static String name(final JsonNode c) {
        return c.has("name") ? c.get("name").asText() : null;
    }

    static Named named(final JsonNode c) {
        return c.has("name") ? Named.as(name(c)) : NamedInternal.empty();
    }

    static Consumed consumed(final JsonNode c) {
        final Consumed consumed = Consumed.with(serde(c, "k"), serde(c, "v"));
        final Consumed timed = c.has("extractor") ? consumed.withTimestampExtractor(new Callbacks.TimeOfValue()) : consumed;
        return c.has("name") ? timed.withName(name(c)) : timed;
    }

    static Produced produced(final JsonNode c) {
        Produced produced = Produced.with(serde(c, "k"), serde(c, "v"));
        if (c.has("partitioner")) {
            produced = produced.withStreamPartitioner(Callbacks.partitioner(c.get("partitioner").asText()));
        }
        return c.has("name") ? produced.withName(name(c)) : produced;
    }

    static Repartitioned repartitioned(final JsonNode c) {
        Repartitioned r = (c.has("name") ? Repartitioned.as(name(c)) : Repartitioned.with(S, S))
            .withKeySerde(serde(c, "k")).withValueSerde(serde(c, "v"));
        if (c.has("partitioner")) {
            r = r.withStreamPartitioner(Callbacks.partitioner(c.get("partitioner").asText()));
        }
        return c.has("partitions") ? r.withNumberOfPartitions(c.get("partitions").asInt()) : r;
    }

    static String type(final JsonNode c, final String field) {
        return c.has(field) ? c.get(field).asText() : "S";
    }

    /** S: text. L: a number. W: a key with a session. T10: a key with a time window of 10 ms. */
    static Serde serde(final JsonNode c, final String field) {
        return serde(type(c, field));
    }

    static Serde serde(final String type) {
        switch (type) {
            case "S": return S;
            case "L": return Serdes.Long();
            case "A": return Serdes.ListSerde(ArrayList.class, S);
            default: return windowed(type.startsWith("L") ? Serdes.Long() : S, type.startsWith("L") ? type.substring(1) : type);
        }
    }

    private static Serde windowed(final Serde inner, final String windows) {
        switch (windows) {
            case "W": return new WindowedSerdes.SessionWindowedSerde<>(inner);
            case "Tmax": return new WindowedSerdes.TimeWindowedSerde<>(inner, Long.MAX_VALUE);
            default: return new WindowedSerdes.TimeWindowedSerde<>(inner, Long.parseLong(windows.substring(1)));
        }
    }

    static Duration ms(final JsonNode c, final String field) {
        return Duration.ofMillis(c.get(field).asLong());
    }

    static List<String> texts(final JsonNode list) {
        final List<String> all = new ArrayList<>();
        list.forEach(text -> all.add(text.asText()));
        return all;
    }

    /** Stores that a processor names, where its supplier does not bring them along. */
    static String[] names(final JsonNode c) {
        return c.has("uses") && !c.has("brings") ? new String[] {c.get("uses").get("store").asText()} : new String[0];
    }

    static Materialized materialized(final JsonNode c, final String key, final String value) {
        final JsonNode mat = c.get("mat");
        final String store = mat.has("store") ? mat.get("store").asText() : null;
        Materialized m = store == null ? Materialized.with(serde(key), serde(value))
            : mat.has("history") ? Materialized.as(Stores.persistentVersionedKeyValueStore(store, ms(mat, "history")))
            : mat.has("supplier") ? supplied(store, mat.get("supplier"), c.get("windows"))
            : Materialized.as(store);
        m = m.withKeySerde(serde(key)).withValueSerde(serde(value));
        if (mat.has("caching")) {
            m = mat.get("caching").asBoolean() ? m.withCachingEnabled() : m.withCachingDisabled();
        }
        if (mat.has("logging")) {
            m = m.withLoggingDisabled();
        }
        return mat.has("retention") ? m.withRetention(ms(mat, "retention")) : m;
    }

    private static Materialized supplied(final String store, final JsonNode s, final JsonNode windows) {
        if (windows == null) {
            return Materialized.as(Stores.inMemoryKeyValueStore(store));
        }
        return windows.get("kind").asText().equals("session")
            ? Materialized.as(Stores.inMemorySessionStore(store, ms(s, "retention")))
            : Materialized.as(Stores.inMemoryWindowStore(store, ms(s, "retention"), ms(s, "size"), false));
    }

    static Windows time(final JsonNode w) {
        if (w.get("kind").asText().equals("unlimited")) {
            return UnlimitedWindows.of().startOn(Instant.ofEpochMilli(w.get("start").asLong()));
        }
        return TimeWindows.ofSizeAndGrace(ms(w, "size"), ms(w, "grace")).advanceBy(ms(w, "advance"));
    }

    static SlidingWindows sliding(final JsonNode w) {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(w, "difference"), ms(w, "grace"));
    }

    static SessionWindows session(final JsonNode w) {
        return SessionWindows.ofInactivityGapAndGrace(ms(w, "gap"), ms(w, "grace"));
    }

    static Suppressed suppressed(final JsonNode c) {
        final Suppressed s;
        if (c.has("close")) {
            Suppressed.StrictBufferConfig strict = Suppressed.BufferConfig.unbounded();
            strict = c.has("logging") ? (Suppressed.StrictBufferConfig) strict.withLoggingDisabled() : strict;
            s = Suppressed.untilWindowCloses(strict);
        } else {
            final Suppressed.BufferConfig limit;
            if (c.has("maxRecords")) {
                final Suppressed.EagerBufferConfig eager = Suppressed.BufferConfig.maxRecords(c.get("maxRecords").asLong());
                limit = c.has("shutDown") ? eager.shutDownWhenFull() : eager.emitEarlyWhenFull();
            } else if (c.has("maxBytes")) {
                limit = Suppressed.BufferConfig.maxBytes(c.get("maxBytes").asLong()).emitEarlyWhenFull();
            } else {
                limit = Suppressed.BufferConfig.unbounded();
            }
            s = Suppressed.untilTimeLimit(ms(c, "limit"), c.has("logging") ? limit.withLoggingDisabled() : limit);
        }
        return c.has("name") ? s.withName(name(c)) : s;
    }
}
