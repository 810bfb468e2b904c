package differential;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.TopicNameExtractor;

/** What users of the random topologies gave to the operators: the same as in callbacks.ts. */
final class Callbacks {
    private Callbacks() {
    }

    static String text(final Object o) {
        if (o instanceof List) {
            return ((List<?>) o).stream().map(Callbacks::text).collect(Collectors.joining("|", "[", "]"));
        }
        if (o instanceof Windowed) {
            final Windowed<?> w = (Windowed<?>) o;
            return text(w.key()) + "@" + w.window().start();
        }
        return String.valueOf(o);
    }

    static String orNull(final Object o) {
        return o == null ? null : text(o);
    }

    static String first(final Object o) {
        return o == null ? null : text(o).isEmpty() ? "" : text(o).substring(0, 1);
    }

    static boolean fits(final Object key, final Object value) {
        return value != null && text(value).length() % 2 == 0;
    }

    static String last(final String s, final int length) {
        return s.length() > length ? s.substring(s.length() - length) : s;
    }

    static String shorter(final String s, final int limit) {
        return s.length() > limit ? null : s;
    }

    static String someToNull(final Object value) {
        return value == null ? "was" : text(value).startsWith("n") ? null : last(text(value) + "t", 6);
    }

    static String joined(final Object one, final Object two) {
        return text(one).startsWith("y") ? null : last(text(one), 6) + "+" + last(text(two), 6);
    }

    static List<KeyValue<Object, Object>> pairs(final Object key, final Object value) {
        return value == null ? new ArrayList<>()
            : Arrays.asList(KeyValue.pair(orNull(key), text(value)), KeyValue.pair(text(value), orNull(key)));
    }

    static List<String> parts(final Object value) {
        return value == null ? new ArrayList<>() : Arrays.asList(text(value), last(text(value) + "f", 6));
    }

    static Long numberOf(final Object value) {
        return value == null ? null : (long) text(value).length();
    }

    static List<String> listOf(final Object value) {
        if (value == null) {
            return null;
        }
        final String text = text(value);
        final List<String> letters = new ArrayList<>();
        for (int i = 0; i < Math.min(3, text.length()); i++) {
            letters.add(text.substring(i, i + 1));
        }
        return letters;
    }

    /** Of a call whose callback fails for some values. */
    static void mayFail(final JsonNode call, final Object value) {
        if (call.has("fails") && text(value).startsWith("z")) {
            throw new IllegalStateException("as it was told");
        }
    }

    static StreamPartitioner<Object, Object> partitioner(final String kind) {
        return (topic, key, value, partitions) -> {
            if (kind.equals("zero")) {
                return Optional.of(Set.of(0));
            }
            return text(value).startsWith("n") ? Optional.of(Set.of()) : Optional.empty();
        };
    }

    static final class ChosenTopic implements TopicNameExtractor<Object, Object> {
        private final String by;

        ChosenTopic(final String by) {
            this.by = by;
        }

        @Override
        public String extract(final Object key, final Object value, final RecordContext context) {
            return by.equals("length") ? "chosen" + text(value).length() % 2 : "chosen-" + context.topic();
        }

        @Override
        public String toString() {
            return "chosen by " + by;
        }
    }

    /** Tells the time of the value: none where there is no value, a negative one of some. */
    static final class TimeOfValue implements TimestampExtractor {
        @Override
        public long extract(final ConsumerRecord<Object, Object> record, final long partitionTime) {
            final Object value = record.value();
            return value == null ? partitionTime : text(value).startsWith("n") ? -1 : text(value).length() * 7L;
        }
    }
}
