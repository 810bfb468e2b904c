import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/**
 * The word count of a kill test on Java Kafka Streams. It prints states and assignments in the words of `millrace run`,
 * so that the same test reads both: brokers, application id, state directory, guarantee, session time-out, interval.
 */
public final class KillWordCount {
    public static void main(String[] args) throws Exception {
        System.err.println("java: running " + args[1]);
        var builder = new StreamsBuilder();
        builder.stream("lines", Consumed.with(Serdes.String(), Serdes.String()))
                .flatMapValues(line -> List.of(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with(Serdes.String(), Serdes.String()))
                .count(Materialized.as("counts"))
                .toStream()
                .to("word-counts", Produced.with(Serdes.String(), Serdes.Long()));
        // Java's group names its repartition topic after the store, as millrace does.
        var streams = new KafkaStreams(builder.build(), config(args));
        streams.setStateListener((to, from) -> System.err.println("java: " + from + " -> " + to));
        var ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            ended.countDown();
            // Java would end with 143 after SIGTERM; the test asks for a clean end.
            Runtime.getRuntime().halt(0);
        }));
        streams.start();
        followTasks(streams, ended);
    }

    static Properties config(String[] args) {
        var config = new Properties();
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        config.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                args[3].equals("exactly_once") ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), args[4]);
        // As millrace: a third of the session would make every rebalance wait for it.
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "500");
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, args[5]);
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return config;
    }

    /** Prints every change of the active tasks, with the state, until the end. */
    static void followTasks(KafkaStreams streams, CountDownLatch ended) throws InterruptedException {
        Set<String> before = Set.of();
        while (ended.getCount() > 0) {
            Set<String> now = new TreeSet<>();
            for (var thread : streams.metadataForLocalThreads()) {
                for (var task : thread.activeTasks()) now.add(task.taskId().toString());
            }
            if (!now.equals(before)) {
                System.err.println("java: tasks +[" + minus(now, before) + "] -[" + minus(before, now) + "]");
                before = now;
            }
            Thread.sleep(10);
        }
    }

    static String minus(Set<String> one, Set<String> other) {
        return new ArrayList<>(one).stream().filter(task -> !other.contains(task)).collect(Collectors.joining(" "));
    }
}
