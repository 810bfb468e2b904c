import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;

import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.SessionWindowedSerializer;
import org.apache.kafka.streams.kstream.TimeWindowedSerializer;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.internals.SessionWindow;
import org.apache.kafka.streams.kstream.internals.TimeWindow;

/** Writes what Kafka's serdes make of values and bytes, as one JSON object. See README.md. */
public final class SerdeRecorder {
    private static final List<String> VALUES = new ArrayList<>();

    public static void main(final String[] args) throws Exception {
        for (final short v : new short[] {0, 1, -1, Short.MAX_VALUE, Short.MIN_VALUE}) {
            value("int16", Serdes.Short(), v);
        }
        for (final int v : new int[] {0, 1, -1, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            value("int32", Serdes.Integer(), v);
        }
        for (final long v : new long[] {0, 1, -1, 1L << 32, -(1L << 32), -(1L << 32) - 1, (1L << 53) - 1, -(1L << 53) + 1}) {
            value("int64", Serdes.Long(), v);
        }
        for (final float v : new float[] {0f, -0f, 1.5f, -1e30f, Float.MIN_VALUE}) {
            value("float32", Serdes.Float(), v);
        }
        for (final double v : new double[] {0, -0.0, 1.5, 0.1, -1e300, Double.MIN_VALUE}) {
            value("float64", Serdes.Double(), v);
        }
        value("boolean", Serdes.Boolean(), true);
        value("boolean", Serdes.Boolean(), false);
        value("uuid", Serdes.UUID(), UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
        for (final String v : new String[] {"", "a", "kl\u044e\u0447", "\u00e9\u20ac\ud83d\ude00", "\ud83d", "a\ude00b", "\ufffd", "\u0000"}) {
            value("string", Serdes.String(), v);
        }
        value("list(int32)", Serdes.ListSerde(ArrayList.class, Serdes.Integer()), Arrays.asList(1, -1, 7));
        value("list(int32)", Serdes.ListSerde(ArrayList.class, Serdes.Integer()), Arrays.asList(null, 5, null));
        value("list(int64)", Serdes.ListSerde(ArrayList.class, Serdes.Long()), new ArrayList<Long>());
        value("list(string)", Serdes.ListSerde(ArrayList.class, Serdes.String()), Arrays.asList("a", "", null, "bc"));
        final TimeWindow time = new TimeWindow(20, 30);
        VALUES.add(entry("timeWindowed(string)", "{\"key\":\"a\",\"window\":{\"start\":20,\"end\":30}}",
            new TimeWindowedSerializer<>(Serdes.String().serializer()).serialize("t", new Windowed<>("a", time))));
        final SessionWindow session = new SessionWindow(3, 5);
        VALUES.add(entry("sessionWindowed(string)", "{\"key\":\"a\",\"window\":{\"start\":3,\"end\":5}}",
            new SessionWindowedSerializer<>(Serdes.String().serializer()).serialize("t", new Windowed<>("a", session))));

        try (PrintStream out = new PrintStream(args[0], "UTF-8")) {
            out.println("{\"values\":[\n" + String.join(",\n", VALUES) + "\n],\"decoded\":[\n"
                + String.join(",\n", decoded()) + "\n]}");
        }
    }

    private static <T> void value(final String serde, final Serde<T> java, final T value) {
        VALUES.add(entry(serde, json(value), java.serializer().serialize("t", value)));
    }

    private static String entry(final String serde, final String value, final byte[] bytes) {
        return "{\"serde\":\"" + serde + "\",\"value\":" + value + ",\"bytes\":\"" + hex(bytes) + "\"}";
    }

    /** Malformed text: bytes that stand at the borders of UTF-8's rules, at random; what the string deserializer says. */
    private static List<String> decoded() {
        final int[] borders = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
            0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xff, 0x83, 0xbd, 0xb0};
        final Random random = new Random(1);
        final List<String> lines = new ArrayList<>();
        for (int i = 0; i < 1500; i++) {
            final byte[] bytes = new byte[1 + random.nextInt(6)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = (byte) borders[random.nextInt(borders.length)];
            }
            lines.add("[\"" + hex(bytes) + "\"," + json(Serdes.String().deserializer().deserialize("t", bytes)) + "]");
        }
        return lines;
    }

    private static String json(final Object value) {
        if (value instanceof List) {
            final List<String> parts = new ArrayList<>();
            for (final Object part : (List<?>) value) {
                parts.add(json(part));
            }
            return "[" + String.join(",", parts) + "]";
        }
        if (value instanceof String || value instanceof UUID) {
            final StringBuilder text = new StringBuilder("\"");
            for (final char c : value.toString().toCharArray()) {
                text.append(c >= ' ' && c < 127 && c != '"' && c != '\\' ? String.valueOf(c) : String.format("\\u%04x", (int) c));
            }
            return text.append('"').toString();
        }
        return String.valueOf(value);
    }

    private static String hex(final byte[] bytes) {
        final StringBuilder text = new StringBuilder();
        for (final byte b : bytes) {
            text.append(String.format("%02x", b));
        }
        return text.toString();
    }
}
