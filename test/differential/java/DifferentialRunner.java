package differential;

import static differential.Callbacks.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.ProcessorWrapper;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.WrappedFixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.WrappedProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.VersionedKeyValueStore;
import org.apache.kafka.streams.state.VersionedRecord;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Java's side of the differential test: reads programs, one JSON object a line, runs each in Kafka Streams'
 * TopologyTestDriver and answers with a line that says what it did. program.ts says what a program is; outcome.ts does
 * the same for millrace.
 */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class DifferentialRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Serde<List<String>> LISTS = (Serde) Serdes.ListSerde(ArrayList.class, Serdes.String());
    /** Of Java itself, in the present step, which a handler went on after. */
    private static Exception mistake;
    /** The names that the wrapper of the present program was given. */
    private static final List<String> WRAPPED = new ArrayList<>();

    public static void main(final String[] args) throws IOException {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        final PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(run(JSON.readTree(line)));
        }
        System.exit(0);
    }

    private static ObjectNode run(final JsonNode program) throws IOException {
        final ObjectNode answer = JSON.createObjectNode();
        final Path stateDir = Files.createTempDirectory("differential");
        try {
            final Properties config = config(program.get("config"), stateDir);
            WRAPPED.clear();
            final Topology topology = new Calls(config).build(program.get("calls"));
            answer.put("describe", topology.describe().toString());
            final TopologyTestDriver driver = new TopologyTestDriver(topology, config, Instant.ofEpochMilli(0));
            try {
                answer.set("steps", steps(driver, program.get("steps")));
                answer.set("stores", stores(driver, program.get("queries")));
                answer.put("dropped", dropped(driver));
                if (program.get("config").has("wrapped")) {
                    WRAPPED.forEach(answer.putArray("wrapped")::add);
                }
            } finally {
                close(driver);
            }
        } catch (final RuntimeException | StackOverflowError refused) {
            answer.put("refused", refused + (refused.getCause() == null ? "" : " caused by " + refused.getCause()));
        } finally {
            delete(stateDir);
        }
        return answer;
    }

    /** After a step that failed it may fail too, in what it flushes. */
    private static void close(final TopologyTestDriver driver) {
        try {
            driver.close();
        } catch (final RuntimeException ignored) {
            // The failure of the step is what is told.
        }
    }

    private static Properties config(final JsonNode chosen, final Path stateDir) {
        final Properties p = new Properties();
        p.setProperty("application.id", "app");
        p.setProperty("bootstrap.servers", "nowhere:1");
        p.setProperty("default.key.serde", Serdes.StringSerde.class.getName());
        p.setProperty("default.value.serde", Serdes.StringSerde.class.getName());
        p.setProperty("statestore.cache.max.bytes", chosen.get("cache").asText());
        p.setProperty("dsl.store.suppliers.class",
            "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
        p.setProperty("topology.optimization", chosen.get("optimization").asText());
        p.setProperty("__emit.interval.ms.kstreams.outer.join.spurious.results.fix__", chosen.get("emitInterval").asText());
        p.setProperty("__emit.interval.ms.kstreams.windowed.aggregation__", chosen.get("emitInterval").asText());
        p.setProperty("state.dir", stateDir.toString());
        final String skips = chosen.has("skips") ? chosen.get("skips").asText() : "";
        if (skips.equals("processing") || skips.equals("both")) {
            p.setProperty("processing.exception.handler", Skipping.class.getName());
        }
        if (skips.equals("deserialization") || skips.equals("both")) {
            p.setProperty("deserialization.exception.handler", LogAndContinueExceptionHandler.class.getName());
        }
        if (chosen.has("wrapped")) {
            p.setProperty("processor.wrapper.class", Noting.class.getName());
        }
        return p;
    }

    private static ArrayNode steps(final TopologyTestDriver driver, final JsonNode steps) {
        final ArrayNode answers = JSON.createArrayNode();
        int produced = 0;
        for (final JsonNode step : steps) {
            final ObjectNode answer = answers.addObject();
            mistake = null;
            try {
                pipe(driver, step);
                answer.set("out", drain(driver));
            } catch (final RuntimeException failed) {
                answer.put("error", failed + (failed.getCause() == null ? "" : " caused by " + failed.getCause()));
                break;
            }
            if (mistake != null) {
                answer.put("error", mistake.toString());
                break;
            }
            produced += answer.get("out").size();
            if (produced > 3000) {
                break;
            }
        }
        return answers;
    }

    private static void pipe(final TopologyTestDriver driver, final JsonNode step) {
        if (step.has("wall")) {
            driver.advanceWallClockTime(Duration.ofMillis(step.get("wall").asLong()));
            return;
        }
        final RecordHeaders headers = new RecordHeaders();
        if (step.has("header")) {
            headers.add("h", bytes(step.get("header")));
        }
        driver.createInputTopic(step.get("topic").asText(), new ByteArraySerializer(), new ByteArraySerializer())
            .pipeInput(new TestRecord<>(bytes(step.get("key")), bytes(step.get("value")), headers, step.get("ts").asLong()));
    }

    private static ArrayNode drain(final TopologyTestDriver driver) {
        final ArrayNode out = JSON.createArrayNode();
        for (final String topic : new TreeSet<>(driver.producedTopicNames())) {
            final TestOutputTopic<byte[], byte[]> records =
                driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            while (!records.isEmpty()) {
                final TestRecord<byte[], byte[]> r = records.readRecord();
                final StringBuilder headers = new StringBuilder();
                for (final Header h : r.headers()) {
                    headers.append(h.key()).append('=').append(hex(h.value())).append(';');
                }
                out.addArray().add(topic).add(hex(r.key())).add(hex(r.value())).add(r.timestamp()).add(headers.toString());
            }
        }
        return out;
    }

    private static ObjectNode stores(final TopologyTestDriver driver, final JsonNode queries) {
        final ObjectNode all = JSON.createObjectNode();
        for (final JsonNode query : queries) {
            final String name = query.get("store").asText();
            final List<Object> keys = keys(query.get("k").asText());
            final StateStore store = driver.getAllStateStores().get(name);
            final ArrayNode rows = JSON.createArrayNode();
            if (store instanceof VersionedKeyValueStore) {
                versions(rows, (VersionedKeyValueStore) store, keys);
            } else if (store instanceof KeyValueStore) {
                rows(rows, ((KeyValueStore) store).all());
            } else if (store instanceof WindowStore) {
                rows(rows, ((WindowStore) store).all());
            } else if (store instanceof SessionStore) {
                for (final Object key : keys) {
                    rows(rows, ((SessionStore) store).fetch(key));
                }
            } else {
                continue;
            }
            all.set(name, rows);
        }
        return all;
    }

    private static void versions(final ArrayNode rows, final VersionedKeyValueStore<Object, Object> store,
                                 final List<Object> keys) {
        for (final Object key : keys) {
            for (final long time : new long[] {Long.MAX_VALUE, 5, 20, 40, 80}) {
                final VersionedRecord<Object> found = store.get(key, time);
                if (found != null) {
                    rows.addArray().add(text(key)).add(time == Long.MAX_VALUE ? -1 : time).add(text(found.value()))
                        .add(found.timestamp()).add(found.validTo().isPresent() ? found.validTo().get() : -1);
                }
            }
        }
    }

    private static void rows(final ArrayNode rows, final KeyValueIterator<Object, Object> found) {
        while (found.hasNext()) {
            final KeyValue<Object, Object> row = found.next();
            final ArrayNode cells = rows.addArray().add(text(row.key));
            if (row.key instanceof Windowed && ((Windowed<?>) row.key).window().end() < Long.MAX_VALUE) {
                cells.add(((Windowed<?>) row.key).window().end());
            }
            if (row.value instanceof ValueAndTimestamp) {
                final ValueAndTimestamp<?> value = (ValueAndTimestamp<?>) row.value;
                cells.add(text(value.value())).add(value.timestamp());
            } else {
                cells.add(text(row.value));
            }
        }
        found.close();
    }

    private static long dropped(final TopologyTestDriver driver) {
        double sum = 0;
        for (final Map.Entry<MetricName, ? extends Metric> e : driver.metrics().entrySet()) {
            if (e.getKey().name().equals("dropped-records-total") && e.getKey().group().equals("stream-task-metrics")) {
                sum += ((Number) e.getValue().metricValue()).doubleValue();
            }
        }
        return (long) sum;
    }

    /** What sessions and versions are asked for. */
    private static List<Object> keys(final String type) {
        return type.equals("L") || type.startsWith("LW") ? List.of(0L, 1L, 2L, 3L, 4L, 5L, 10L)
            : List.of("", "a", "b", "c", "x", "y", "z", "1", "2");
    }

    private static byte[] bytes(final JsonNode data) {
        if (data == null || data.isNull()) {
            return null;
        }
        if (data.isArray()) {
            final List<String> texts = new ArrayList<>();
            data.forEach(text -> texts.add(text.asText()));
            return LISTS.serializer().serialize("", texts);
        }
        return data.isNumber() ? ByteBuffer.allocate(8).putLong(data.asLong()).array()
            : data.asText().getBytes(StandardCharsets.UTF_8);
    }

    private static String hex(final byte[] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    private static void delete(final Path dir) throws IOException {
        try (Stream<Path> paths = Files.walk(dir)) {
            for (final Path p : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(p);
            }
        }
    }

    /** Goes on after everything; a mistake of Kafka Streams is noted, since there is nothing to compare after it. */
    public static final class Skipping extends LogAndContinueProcessingExceptionHandler {
        @Override
        public Response handleError(final ErrorHandlerContext context, final Record<?, ?> record, final Exception exception) {
            if (exception instanceof NullPointerException || exception instanceof ClassCastException) {
                mistake = exception;
            }
            return super.handleError(context, record, exception);
        }
    }

    /** Changes nothing, and notes what it was asked to wrap. */
    public static final class Noting implements ProcessorWrapper {
        @Override
        public <KI, VI, KO, VO> WrappedProcessorSupplier<KI, VI, KO, VO> wrapProcessorSupplier(
            final String name, final ProcessorSupplier<KI, VI, KO, VO> supplier
        ) {
            WRAPPED.add(name);
            return ProcessorWrapper.asWrapped(supplier);
        }

        @Override
        public <KI, VI, VO> WrappedFixedKeyProcessorSupplier<KI, VI, VO> wrapFixedKeyProcessorSupplier(
            final String name, final FixedKeyProcessorSupplier<KI, VI, VO> supplier
        ) {
            WRAPPED.add(name);
            return ProcessorWrapper.asWrappedFixedKey(supplier);
        }
    }
}
