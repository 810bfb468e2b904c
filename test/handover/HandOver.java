import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The application that is handed over between Java and millrace (topology.ts has the same): brokers, application id, state
 * directory, prefix of the output topics. Prints its states; ends at SIGTERM. With one argument it prints its topology.
 */
public final class HandOver {
    private static final Serde<String> S = Serdes.String();
    private static final Serde<Long> L = Serdes.Long();

    public static void main(String[] args) throws Exception {
        if (args.length == 1) {
            System.out.print(topology(args[0]).describe());
            return;
        }
        var streams = new KafkaStreams(topology(args[3]), config(args));
        streams.setStateListener((to, from) -> System.err.println("java: " + from + " -> " + to));
        var ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            ended.countDown();
            Runtime.getRuntime().halt(0);
        }));
        streams.start();
        ended.await();
    }

    private static String text(Windowed<String> windowed) {
        return windowed.key() + "@" + windowed.window().start() + "-" + windowed.window().end();
    }

    static Topology topology(String out) {
        var builder = new StreamsBuilder();
        var strings = Consumed.with(S, S);
        var counts = Produced.with(S, L);
        var texts = Produced.with(S, S);

        builder.stream("lines", strings)
                .flatMapValues(line -> List.of(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with(S, S))
                .count(Materialized.as("words"))
                .toStream()
                .to(out + "words", counts);

        var visits = builder.stream("visits", strings).groupByKey();
        visits.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(2)))
                .count()
                .toStream((key, count) -> text(key))
                .to(out + "windows", counts);
        visits.windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(4), Duration.ofSeconds(2)))
                .count(Materialized.as("sessions"))
                .toStream((key, count) -> text(key))
                .to(out + "sessions", counts);
        visits.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(20), Duration.ofSeconds(2)))
                .count(Materialized.as("final-windows"))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()))
                .toStream((key, count) -> text(key))
                .to(out + "final", counts);

        var window = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(3), Duration.ofSeconds(1));
        builder.stream("left", strings)
                .outerJoin(builder.stream("right", strings), (one, two) -> one + "+" + two, window,
                        StreamJoined.with(S, S, S))
                .to(out + "outer", texts);

        var orders = builder.table("orders", strings, Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as("orders"));
        var customers = builder.table("customers", strings);
        orders.join(customers, (order, customer) -> order + "+" + customer).toStream().to(out + "tables", texts);
        orders.leftJoin(customers, order -> "k" + order.charAt(order.length() - 1), (order, customer) -> order + "+" + customer,
                        Materialized.with(S, S))
                .toStream()
                .to(out + "foreign", texts);
        return builder.build();
    }

    private static Properties config(String[] args) {
        var config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        config.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), "6000");
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "500");
        return config;
    }
}
