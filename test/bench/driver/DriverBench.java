import java.lang.management.ManagementFactory;
import java.util.Properties;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/** The jobs of driver.bench.ts on Java's own test driver: DriverBench JOB RECORDS prints wall and CPU milliseconds. */
public final class DriverBench {
    private static final int KEYS = 10_000;

    public static void main(String[] args) {
        boolean count = args[0].equals("count");
        int records = Integer.parseInt(args[1]);
        try (TopologyTestDriver driver = new TopologyTestDriver(topology(count), config())) {
            TestInputTopic<String, String> in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
            var counts = driver.createOutputTopic("out", new StringDeserializer(), new LongDeserializer());
            var texts = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
            String[][] inputs = makeInputs();
            long wall = 0;
            long cpu = 0;
            for (int i = -records / 5; i < records; i++) {
                if (i == 0) {
                    wall = System.nanoTime();
                    cpu = cpuNanos();
                }
                String[] input = inputs[(i + records) % inputs.length];
                in.pipeInput(input[0], input[1], 1_700_000_000_000L + records + i);
                if (i % 10_000 != 0) continue;
                if (count) counts.readKeyValuesToList();
                else texts.readKeyValuesToList();
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
            inputs[i] = new String[] { "key-" + "0".repeat(6 - number.length()) + number, "v".repeat(80) + i };
        }
        return inputs;
    }

    private static org.apache.kafka.streams.Topology topology(boolean count) {
        StreamsBuilder b = new StreamsBuilder();
        KStream<String, String> s = b.stream("in", Consumed.with(Serdes.String(), Serdes.String()));
        if (count) {
            s.groupByKey(Grouped.with(Serdes.String(), Serdes.String())).count(Materialized.as("counts")).toStream()
                .to("out", Produced.with(Serdes.String(), Serdes.Long()));
        } else {
            s.filter((k, v) -> v.length() > 0).mapValues(v -> v.toUpperCase())
                .to("out", Produced.with(Serdes.String(), Serdes.String()));
        }
        return b.build();
    }

    private static Properties config() {
        Properties p = new Properties();
        p.put("application.id", "bench");
        p.put("bootstrap.servers", "unused:1");
        p.put("dsl.store.suppliers.class", "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers");
        return p;
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
