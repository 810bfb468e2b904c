package differential;

import static differential.Callbacks.*;
import static differential.Options.*;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowBytesStoreSupplier;

/** Makes the topology of a program with Kafka Streams: the counterpart of replay.ts. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class Calls {
    private final Map<Integer, Object> made = new HashMap<>();
    private final StreamsBuilder builder;
    private final Properties config;

    Calls(final Properties config) {
        this.config = config;
        // A wrapper must be known from the beginning.
        builder = config.containsKey("processor.wrapper.class")
            ? new StreamsBuilder(new TopologyConfig(new StreamsConfig(config))) : new StreamsBuilder();
    }

    Topology build(final JsonNode calls) {
        for (final JsonNode call : calls) {
            final Object result = perform(call);
            if (call.has("id")) {
                made.put(call.get("id").asInt(), result);
            }
        }
        return builder.build(config);
    }

    private Object made(final JsonNode c, final String field) {
        return made.get(c.get(field).asInt());
    }

    private KStream<Object, Object> stream(final JsonNode c) {
        return (KStream<Object, Object>) made(c, "from");
    }

    private KTable<Object, Object> table(final JsonNode c) {
        return (KTable<Object, Object>) made(c, "from");
    }

    Object perform(final JsonNode c) {
        final Named named = named(c);
        switch (c.get("op").asText()) {
            case "stream":
                return c.has("pattern") ? builder.stream(java.util.regex.Pattern.compile(c.get("pattern").asText()), consumed(c))
                    : builder.stream(texts(c.get("topics")), consumed(c));
            case "table":
                return c.has("mat") ? builder.table(c.get("topic").asText(), consumed(c), materialized(c, type(c, "k"), type(c, "v")))
                    : builder.table(c.get("topic").asText(), consumed(c));
            case "globalTable":
                return c.has("mat") ? builder.globalTable(c.get("topic").asText(), consumed(c), materialized(c, "S", "S"))
                    : builder.globalTable(c.get("topic").asText(), consumed(c));
            case "addGlobalStore":
                builder.addGlobalStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(c.get("store").asText()), S, S)
                    .withLoggingDisabled(), c.get("topic").asText(), consumed(c), () -> new Processors.Keep(c.get("store").asText()));
                return null;
            case "addStore":
                builder.addStateStore(Processors.store(c.get("uses")));
                return null;
            case "filter":
                return stream(c).filter((k, v) -> {
                    mayFail(c, v);
                    return fits(k, v);
                }, named);
            case "filterNot":
                return stream(c).filterNot(Callbacks::fits, named);
            case "map":
                return stream(c).map((k, v) -> KeyValue.pair(orNull(v), orNull(k)), named);
            case "mapValues":
                return stream(c).mapValues(v -> {
                    mayFail(c, v);
                    return last(text(v) + "m", 6);
                }, named);
            case "mapToNumber":
                return stream(c).mapValues(Callbacks::numberOf, named);
            case "mapToList":
                return stream(c).mapValues(Callbacks::listOf, named);
            case "mapSomeToNull":
                return stream(c).mapValues(Callbacks::someToNull, named);
            case "flatMap":
                return stream(c).flatMap((k, v) -> {
                    mayFail(c, v);
                    return pairs(k, v);
                }, named);
            case "flatMapValues":
                return stream(c).flatMapValues(Callbacks::parts, named);
            case "selectKey":
                return stream(c).selectKey((k, v) -> {
                    mayFail(c, v);
                    return first(v);
                }, named);
            case "selectNumber":
                return stream(c).selectKey((k, v) -> numberOf(v), named);
            case "peek":
                return stream(c).peek((k, v) -> mayFail(c, v), named);
            case "forEach":
                stream(c).foreach((k, v) -> { }, named);
                return null;
            case "merge":
                return stream(c).merge((KStream) made(c, "other"), named);
            case "repartition":
                return stream(c).repartition(repartitioned(c));
            case "to":
                stream(c).to(c.get("topic").asText(), produced(c));
                return null;
            case "toChosen":
                stream(c).to(new Callbacks.ChosenTopic(c.get("by").asText()), produced(c));
                return null;
            case "toTable":
                return stream(c).toTable(named, c.has("mat") ? materialized(c, type(c, "k"), type(c, "v"))
                    : Materialized.with(serde(c, "k"), serde(c, "v")));
            case "process":
                return c.has("name") ? stream(c).process(new Processors.RememberSupplier(c), named, names(c))
                    : stream(c).process(new Processors.RememberSupplier(c), names(c));
            case "processValues":
                return c.has("name") ? stream(c).processValues(new Processors.RememberValuesSupplier(c), named, names(c))
                    : stream(c).processValues(new Processors.RememberValuesSupplier(c), names(c));
            case "groupByKey":
                return stream(c).groupByKey(Grouped.with(name(c), serde(c, "k"), serde(c, "v")));
            case "groupBy":
                return stream(c).groupBy((k, v) -> first(v), Grouped.with(name(c), S, serde(c, "v")));
            case "split":
                return split(c);
            case "branch":
                return ((List<Object>) made(c, "from")).get(c.get("index").asInt());
            case "streamJoin":
                return streamJoin(c);
            case "tableLookup":
                return tableLookup(c);
            case "globalLookup":
                return globalLookup(c, named);
            case "aggregate":
                return aggregate(c, named);
            case "cogroup":
                return cogroup(c, named);
            default:
                return performOnTable(c, named);
        }
    }

    private Object performOnTable(final JsonNode c, final Named named) {
        final Materialized m = c.has("mat") ? materialized(c, type(c, "k"), "S") : null;
        switch (c.get("op").asText()) {
            case "tableFilter":
                return m == null ? table(c).filter(Callbacks::fits, named)
                    : table(c).filter(Callbacks::fits, named, materialized(c, type(c, "k"), type(c, "v")));
            case "tableFilterNot":
                return m == null ? table(c).filterNot(Callbacks::fits, named)
                    : table(c).filterNot(Callbacks::fits, named, materialized(c, type(c, "k"), type(c, "v")));
            case "tableMapValues":
                return m == null ? table(c).mapValues(Callbacks::someToNull, named)
                    : table(c).mapValues(Callbacks::someToNull, named, m);
            case "transformValues":
                return m == null ? table(c).transformValues(() -> new Processors.Transform(c), named, names(c))
                    : table(c).transformValues(() -> new Processors.Transform(c), m, named, names(c));
            case "toStream":
                return table(c).toStream(named);
            case "toStreamWithKey":
                return table(c).toStream((k, v) -> v == null ? text(k) : first(v), named);
            case "tableGroupBy":
                return table(c).groupBy((k, v) -> KeyValue.pair(text(v).startsWith("n") ? null : first(v), v),
                    Grouped.with(name(c), S, serde(c, "v")));
            case "tableAggregate":
                return tableAggregate(c, named);
            case "tableJoin":
                return tableJoin(c, named, m);
            case "foreignKeyJoin":
                return foreignKeyJoin(c, m);
            case "suppress":
                return table(c).suppress(suppressed(c));
            default:
                throw new IllegalArgumentException("unknown call " + c);
        }
    }

    private List<Object> split(final JsonNode c) {
        BranchedKStream branches = c.has("name") ? stream(c).split(named(c)) : stream(c).split();
        for (final JsonNode b : c.get("branches")) {
            final Predicate predicate = b.get("on").asText().equals("a") ? (k, v) -> text(k).equals("a") : Callbacks::fits;
            branches = b.has("plain") && !b.has("name") ? branches.branch(predicate) : branches.branch(predicate, branched(b));
        }
        final Map<String, KStream> all = !c.has("default") ? branches.noDefaultBranch()
            : c.get("default").has("plain") && !c.get("default").has("name") ? branches.defaultBranch()
            : branches.defaultBranch(branched(c.get("default")));
        return new ArrayList<>(new TreeMap<>(all).values());
    }

    private static Branched branched(final JsonNode b) {
        if (b.has("topic")) {
            return Branched.withConsumer(s -> ((KStream) s).mapValues(v -> last(text(v) + "m", 6)).to(b.get("topic").asText()), name(b));
        }
        if (b.has("mapped")) {
            return Branched.withFunction(s -> ((KStream) s).mapValues(v -> last(text(v) + "m", 6)), name(b));
        }
        return Branched.as(name(b));
    }

    private Object streamJoin(final JsonNode c) {
        final JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(ms(c, "before"), ms(c, "grace")).after(ms(c, "after"));
        StreamJoined joined = StreamJoined.with(serde(c, "k"), serde(c, "v"), serde(c, "vo"));
        if (c.has("name")) {
            joined = joined.withName(name(c));
        }
        if (c.has("store")) {
            joined = joined.withStoreName(c.get("store").asText());
        }
        if (c.has("suppliers")) {
            final JsonNode names = c.get("suppliers");
            joined = joined.withThisStoreSupplier(joinStore(c, names.get("this").asText()))
                .withOtherStoreSupplier(joinStore(c, names.get("other").asText()));
        }
        if (c.has("logging")) {
            joined = joined.withLoggingDisabled();
        }
        final KStream other = (KStream) made(c, "other");
        final ValueJoiner joiner = Callbacks::joined;
        switch (c.get("how").asText()) {
            case "inner":
                return stream(c).join(other, joiner, windows, joined);
            case "left":
                return stream(c).leftJoin(other, joiner, windows, joined);
            default:
                return stream(c).outerJoin(other, joiner, windows, joined);
        }
    }

    private static WindowBytesStoreSupplier joinStore(final JsonNode c, final String name) {
        final Duration size = ms(c, "before").plus(ms(c, "after"));
        return Stores.inMemoryWindowStore(name, size.plus(ms(c, "grace")), size, true);
    }

    private Object tableLookup(final JsonNode c) {
        final Joined joined = Joined.with(serde(c, "k"), serde(c, "v"), serde(c, "vo"), name(c), c.has("grace") ? ms(c, "grace") : null);
        final KTable table = (KTable) made(c, "other");
        final ValueJoiner joiner = Callbacks::joined;
        return c.get("how").asText().equals("inner") ? stream(c).join(table, joiner, joined)
            : stream(c).leftJoin(table, joiner, joined);
    }

    private Object globalLookup(final JsonNode c, final Named named) {
        final GlobalKTable table = (GlobalKTable) made(c, "other");
        final KeyValueMapper mapper = (k, v) -> first(v);
        final ValueJoiner joiner = Callbacks::joined;
        return c.get("how").asText().equals("inner") ? stream(c).join(table, mapper, joiner, named)
            : stream(c).leftJoin(table, mapper, joiner, named);
    }

    private Object aggregate(final JsonNode c, final Named named) {
        final KGroupedStream group = (KGroupedStream) made(c, "from");
        final String agg = c.get("agg").asText();
        final Materialized plain = Materialized.with(serde(c, "k"), S);
        final Materialized m = c.has("mat") ? materialized(c, type(c, "k"), agg.equals("count") ? "L" : "S") : null;
        final Initializer init = () -> "";
        final Aggregator add = (k, v, a) -> {
            mayFail(c, v);
            return shorter(text(a) + text(v), 5);
        };
        final Reducer reduce = (a, v) -> {
            mayFail(c, v);
            return shorter(text(a) + text(v), 4);
        };
        final Merger merger = (k, a, b) -> last(text(a) + "|" + text(b), 6);
        if (!c.has("windows")) {
            switch (agg) {
                case "count": return m == null ? group.count(named) : group.count(named, m);
                case "reduce": return group.reduce(reduce, named, m == null ? plain : m);
                default: return group.aggregate(init, add, named, m == null ? plain : m);
            }
        }
        final Object windowed = windowed(group, c);
        if (windowed instanceof TimeWindowedKStream) {
            final TimeWindowedKStream w = (TimeWindowedKStream) windowed;
            switch (agg) {
                case "count": return m == null ? w.count(named) : w.count(named, m);
                case "reduce": return w.reduce(reduce, named, m == null ? plain : m);
                default: return w.aggregate(init, add, named, m == null ? plain : m);
            }
        }
        final SessionWindowedKStream w = (SessionWindowedKStream) windowed;
        switch (agg) {
            case "count": return m == null ? w.count(named) : w.count(named, m);
            case "reduce": return w.reduce(reduce, named, m == null ? plain : m);
            default: return w.aggregate(init, add, merger, named, m == null ? plain : m);
        }
    }

    private static Object windowed(final KGroupedStream group, final JsonNode c) {
        final JsonNode w = c.get("windows");
        final boolean close = c.has("emit");
        switch (w.get("kind").asText()) {
            case "sliding": {
                final TimeWindowedKStream s = group.windowedBy(sliding(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
            case "session": {
                final SessionWindowedKStream s = group.windowedBy(session(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
            default: {
                final TimeWindowedKStream s = group.windowedBy(time(w));
                return close ? s.emitStrategy(EmitStrategy.onWindowClose()) : s;
            }
        }
    }

    private Object cogroup(final JsonNode c, final Named named) {
        final Aggregator add = (k, v, a) -> shorter(text(a) + text(v), 6);
        CogroupedKStream all = null;
        for (final JsonNode id : c.get("groups")) {
            final KGroupedStream group = (KGroupedStream) made.get(id.asInt());
            all = all == null ? group.cogroup(add) : all.cogroup(group, add);
        }
        final Initializer init = () -> "";
        final Merger merger = (k, a, b) -> last(text(a) + "|" + text(b), 6);
        final Materialized m = c.has("mat") ? materialized(c, type(c, "k"), "S") : Materialized.with(serde(c, "k"), S);
        if (!c.has("windows")) {
            return all.aggregate(init, named, m);
        }
        final JsonNode w = c.get("windows");
        switch (w.get("kind").asText()) {
            case "sliding": return all.windowedBy(sliding(w)).aggregate(init, named, m);
            case "session": return all.windowedBy(session(w)).aggregate(init, merger, named, m);
            default: return all.windowedBy(time(w)).aggregate(init, named, m);
        }
    }

    private Object tableAggregate(final JsonNode c, final Named named) {
        final KGroupedTable group = (KGroupedTable) made(c, "from");
        final String agg = c.get("agg").asText();
        final Materialized m = c.has("mat") ? materialized(c, "S", agg.equals("count") ? "L" : "S") : null;
        switch (agg) {
            case "count":
                return m == null ? group.count(named) : group.count(named, m);
            case "reduce":
                return group.reduce((a, v) -> last(text(a) + "+" + text(v), 8), (a, v) -> last(text(a) + "-" + text(v), 8), named,
                    m == null ? Materialized.with(S, S) : m);
            default:
                return group.aggregate(() -> "", (k, v, a) -> shorter(text(a) + "+" + text(v), 9),
                    (k, v, a) -> shorter(text(a) + "-" + text(v), 9), named, m == null ? Materialized.with(S, S) : m);
        }
    }

    private Object tableJoin(final JsonNode c, final Named named, final Materialized m) {
        final KTable other = (KTable) made(c, "other");
        final ValueJoiner joiner = Callbacks::joined;
        switch (c.get("how").asText()) {
            case "inner":
                return m == null ? table(c).join(other, joiner, named) : table(c).join(other, joiner, named, m);
            case "left":
                return m == null ? table(c).leftJoin(other, joiner, named) : table(c).leftJoin(other, joiner, named, m);
            default:
                return m == null ? table(c).outerJoin(other, joiner, named) : table(c).outerJoin(other, joiner, named, m);
        }
    }

    private Object foreignKeyJoin(final JsonNode c, final Materialized m) {
        final KTable other = (KTable) made(c, "other");
        final ValueJoiner joiner = Callbacks::joined;
        final java.util.function.Function key = v -> text(v).startsWith("n") ? null : first(v);
        final TableJoined joined = TableJoined.as(name(c));
        if (c.get("how").asText().equals("inner")) {
            return m == null ? table(c).join(other, key, joiner, joined) : table(c).join(other, key, joiner, joined, m);
        }
        return m == null ? table(c).leftJoin(other, key, joiner, joined) : table(c).leftJoin(other, key, joiner, joined, m);
    }
}
