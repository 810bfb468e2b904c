import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.ValueJoiner;

/** The jobs of driver.bench.ts on Java's own test driver: DriverBench JOB RECORDS prints wall and CPU milliseconds. */
public final class DriverBench {
    private static final int KEYS = 10_000;

    private static final int SIDE_KEYS = 1000;

    public static void main(String[] args) {
        String job = args[0];
        int records = Integer.parseInt(args[1]);
        int preloaded = job.equals("stream-table") ? KEYS : job.equals("foreign key") ? SIDE_KEYS : 0;
        boolean alternates = job.equals("stream-stream");
        boolean counts = job.equals("count") || job.equals("tumbling");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology(job), config())) {
            TestInputTopic<String, String> in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            TestInputTopic<String, String> side = preloaded == 0 && !alternates ? in
                : driver.createInputTopic("side", new StringSerializer(), new StringSerializer());
            Deserializer<?> values = counts ? new LongDeserializer() : new StringDeserializer();
            var out = driver.createOutputTopic("out", new StringDeserializer(), values);
            String[][] inputs = makeInputs();
            for (int i = 0; i < preloaded; i++) {
                String key = preloaded == KEYS ? String.format("key-%06d", i) : String.format("side-%03d", i);
                side.pipeInput(key, "side value " + i, 0);
            }
            long wall = 0;
            long cpu = 0;
            for (int i = -records / 5; i < records; i++) {
                if (i == 0) {
                    wall = System.nanoTime();
                    cpu = cpuNanos();
                }
                String[] input = inputs[(i + records) % inputs.length];
                (alternates && i % 2 == 0 ? side : in).pipeInput(input[0], input[1], 1_700_000_000_000L + records + i);
                if (i % 10_000 == 0) out.readKeyValuesToList();
            }
            long wallMs = (System.nanoTime() - wall) / 1_000_000;
            long cpuMs = (cpuNanos() - cpu) / 1_000_000;
            System.out.println("{\"wallMs\":" + wallMs + ",\"cpuMs\":" + cpuMs + "}");
        }
        System.exit(0);
    }

    private static String[][] makeInputs() {
        String[][] inputs = new String[50_000][];
        int seed = 42;
        for (int i = 0; i < inputs.length; i++) {
            seed ^= seed << 13;
            seed ^= seed >>> 17;
            seed ^= seed << 5;
            String number = Long.toString(Integer.toUnsignedLong(seed) % KEYS);
            inputs[i] = new String[] { "key-" + "0".repeat(6 - number.length()) + number, "v".repeat(80) + String.format("%05d", i) };
        }
        return inputs;
    }

    private static org.apache.kafka.streams.Topology topology(String job) {
        StreamsBuilder b = new StreamsBuilder();
        Consumed<String, String> consumed = Consumed.with(Serdes.String(), Serdes.String());
        Produced<String, String> texts = Produced.with(Serdes.String(), Serdes.String());
        Produced<String, Long> counts = Produced.with(Serdes.String(), Serdes.Long());
        Grouped<String, String> grouped = Grouped.with(Serdes.String(), Serdes.String());
        ValueJoiner<String, String, String> join = (left, right) -> left + right.substring(0, 8);
        if (job.equals("foreign key")) {
            b.table("in", consumed).join(b.table("side", consumed), v -> "side-" + v.substring(v.length() - 3), join).toStream()
                .to("out", texts);
            return b.build();
        }
        KStream<String, String> s = b.stream("in", consumed);
        switch (job) {
            case "map":
                s.filter((k, v) -> v.length() > 0).mapValues(v -> v.toUpperCase()).to("out", texts);
                break;
            case "count":
                s.groupByKey(grouped).count(Materialized.as("counts")).toStream().to("out", counts);
                break;
            case "tumbling":
                s.groupByKey(grouped).windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofSeconds(10)))
                    .count(Materialized.as("counts")).toStream((w, n) -> w.key()).to("out", counts);
                break;
            case "stream-table":
                s.join(b.table("side", consumed), join).to("out", texts);
                break;
            default:
                s.join(b.stream("side", consumed), join, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(5)))
                    .to("out", texts);
        }
        return b.build();
    }

    private static Properties config() {
        Properties p = new Properties();
        p.put("application.id", "bench");
        p.put("bootstrap.servers", "unused:1");
        p.put("default.key.serde", Serdes.StringSerde.class.getName());
        p.put("default.value.serde", Serdes.StringSerde.class.getName());
        p.put("dsl.store.suppliers.class", "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
        return p;
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
