import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteUtils;
import org.apache.kafka.common.utils.Utils;

/**
 * Records what Java's own client classes make of messages, record batches, hashes and numbers, as fixtures: see the
 * README beside it.
 */
public final class Recorder {
    private static final HexFormat HEX = HexFormat.of();
    private static final String MESSAGES = "org.apache.kafka.common.message.";

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        try (PrintStream out = open(folder, "java-messages.json")) {
            messages(out, Arrays.asList(args).subList(1, args.length));
        }
        try (PrintStream out = open(folder, "java-batches.json")) {
            batches(out);
        }
        try (PrintStream out = open(folder, "java-numbers.json")) {
            numbers(out);
        }
    }

    private static PrintStream open(Path folder, String name) throws Exception {
        return new PrintStream(folder.resolve(name).toFile(), StandardCharsets.UTF_8);
    }

    // --- messages ---------------------------------------------------------------------------------------------------

    /** How the fields of an instance are set. */
    private enum Fill { VALUES, NULLS, DEFAULTS }

    private static void messages(PrintStream out, List<String> names) throws Exception {
        List<String> lines = new ArrayList<>();
        for (String name : names) {
            Class<?> type = messageClass(name);
            Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
            short highest = type.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
            for (short version = type.getField("LOWEST_SUPPORTED_VERSION").getShort(null); version <= highest; version++) {
                Set<String> seen = new HashSet<>();
                for (Fill fill : Fill.values()) {
                    Message message = (Message) type.getDeclaredConstructor().newInstance();
                    String json = new Filler(fill).fill(message, schemas[version]);
                    ByteBuffer bytes = MessageUtil.toByteBufferAccessor(message, version).buffer();
                    if (!seen.add(json)) continue;
                    lines.add("{\"message\":\"" + name + "\",\"version\":" + version + ",\"bytes\":\"" + hex(bytes)
                        + "\",\"value\":" + json + "}");
                }
            }
        }
        printLines(out, lines);
    }

    private static Class<?> messageClass(String name) throws ClassNotFoundException {
        try {
            return Class.forName(MESSAGES + name + "Data");
        } catch (ClassNotFoundException e) {
            return Class.forName(MESSAGES + name);
        }
    }

    /** Sets the fields that a schema has, and tells in JSON what it set. */
    private static final class Filler {
        private final Fill fill;
        private int counter = 0;

        Filler(Fill fill) {
            this.fill = fill;
        }

        String fill(Object target, Schema schema) throws Exception {
            List<String> members = new ArrayList<>();
            for (BoundField bound : schema.fields()) {
                if (bound.def.type instanceof TaggedFields tagged) {
                    for (var field : tagged.fields().values()) set(target, field.name, field.type, members);
                } else {
                    set(target, bound.def.name, bound.def.type, members);
                }
            }
            return "{" + String.join(",", members) + "}";
        }

        private void set(Object target, String snake, org.apache.kafka.common.protocol.types.Type type, List<String> members)
            throws Exception {
            Field field = target.getClass().getDeclaredField(camel(snake));
            field.setAccessible(true);
            Optional<org.apache.kafka.common.protocol.types.Type> element = type.arrayElementType();
            String json;
            if (fill == Fill.NULLS && type.isNullable() && !field.getType().isPrimitive()) {
                field.set(target, null);
                json = "null";
            } else if (element.isPresent()) {
                json = array(target, field, element.get());
            } else if (type instanceof Schema schema) {
                json = fill(field.get(target), schema);
            } else if (fill == Fill.VALUES && type == org.apache.kafka.common.protocol.types.Type.UINT16) {
                // Java keeps it in an int, of which it would write a part.
                field.set(target, 0xff00 + ++counter % 0xff);
                json = toJson(field.get(target));
            } else if (fill == Fill.VALUES) {
                json = scalar(target, field);
            } else {
                return;
            }
            members.add("\"" + field.getName() + "\":" + json);
        }

        @SuppressWarnings("unchecked")
        private String array(Object target, Field field, org.apache.kafka.common.protocol.types.Type element) throws Exception {
            Collection<Object> list = (Collection<Object>) field.get(target);
            if (list == null || field.getType() == List.class) {
                list = new ArrayList<>();
                field.set(target, list);
            }
            List<String> elements = new ArrayList<>();
            int count = fill == Fill.VALUES ? 2 : 1;
            for (int i = 0; i < count; i++) {
                Class<?> type = elementClass(field.getGenericType());
                if (element instanceof Schema schema) {
                    Object child = type.getDeclaredConstructor().newInstance();
                    elements.add(fill(child, schema));
                    list.add(child);
                } else {
                    Object value = value(type);
                    list.add(value);
                    elements.add(toJson(value));
                }
            }
            return "[" + String.join(",", elements) + "]";
        }

        private static Class<?> elementClass(Type type) {
            if (type instanceof ParameterizedType parameterized) return (Class<?>) parameterized.getActualTypeArguments()[0];
            return elementClass(((Class<?>) type).getGenericSuperclass());
        }

        private String scalar(Object target, Field field) throws Exception {
            Object value = field.getType() == boolean.class ? !field.getBoolean(target) : value(field.getType());
            field.set(target, value);
            return toJson(value);
        }

        private Object value(Class<?> type) {
            int n = ++counter;
            if (type == byte.class || type == Byte.class) return (byte) n;
            if (type == short.class || type == Short.class) return (short) (n % 2 == 0 ? 1000 + n : -n - 1);
            if (type == int.class || type == Integer.class) return n % 2 == 0 ? 100_000_000 + n : -n - 1;
            if (type == long.class || type == Long.class) return n % 2 == 0 ? (1L << 52) + n : -(1L << 33) - n;
            if (type == String.class) return n % 3 == 0 ? "" : "ä" + n;
            if (type == Uuid.class) return new Uuid(n * 0x0102030405060708L, n);
            byte[] bytes = n % 3 == 0 ? new byte[0] : new byte[] {(byte) n, (byte) -n};
            if (type == byte[].class) return bytes;
            if (type == ByteBuffer.class) return ByteBuffer.wrap(bytes);
            if (type == BaseRecords.class) return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes));
            throw new IllegalArgumentException("no value for " + type);
        }

        private static String toJson(Object value) {
            if (value instanceof String text) return "\"" + text + "\"";
            if (value instanceof byte[] bytes) return bytesJson(ByteBuffer.wrap(bytes));
            if (value instanceof ByteBuffer buffer) return bytesJson(buffer);
            if (value instanceof MemoryRecords records) return bytesJson(records.buffer());
            if (value instanceof Uuid id) {
                return "\"" + new java.util.UUID(id.getMostSignificantBits(), id.getLeastSignificantBits()) + "\"";
            }
            return String.valueOf(value);
        }
    }

    private static String camel(String snake) {
        StringBuilder camel = new StringBuilder();
        for (String part : snake.split("_")) {
            camel.append(camel.isEmpty() ? part : Character.toUpperCase(part.charAt(0)) + part.substring(1));
        }
        return camel.toString();
    }

    private static String bytesJson(ByteBuffer buffer) {
        return "{\"$bytes\":\"" + hex(buffer) + "\"}";
    }

    // --- record batches ---------------------------------------------------------------------------------------------

    private record Input(long timestamp, byte[] key, byte[] value, Header... headers) { }

    private static final long NOW = 1_700_000_000_000L;

    private static void batches(PrintStream out) {
        List<String> lines = new ArrayList<>();
        List<Input> mixed = List.of(
            new Input(NOW, utf8("key"), utf8("value")),
            new Input(NOW + 1, null, utf8("value without key")),
            new Input(NOW - 5_000_000_000L, utf8("tombstone, earlier than the first"), null),
            new Input(NOW + 300_000_000_000L, new byte[0], new byte[0]),
            new Input(NOW + 2, new byte[] {0, 0, 0, 0}, utf8("x".repeat(300)),
                new RecordHeader("name", utf8("one")), new RecordHeader("name", null), new RecordHeader("ä", new byte[0])));
        List<Input> many = new ArrayList<>();
        for (int i = 0; i < 300; i++) many.add(new Input(NOW + i * 70L, utf8("key " + i % 7), utf8("value " + i)));
        Compression[] compressions = {
            Compression.NONE, Compression.gzip().build(), Compression.snappy().build(), Compression.lz4().build(),
            Compression.zstd().build()
        };
        for (Compression compression : compressions) {
            String name = compression.type().name;
            lines.add(batch(name + ", mixed", compression, TimestampType.CREATE_TIME, false, mixed));
            if (compression.type() != CompressionType.NONE) {
                lines.add(batch(name + ", many", compression, TimestampType.CREATE_TIME, true, many));
            }
        }
        lines.add(batch("log-append time", Compression.NONE, TimestampType.LOG_APPEND_TIME, false, mixed));
        lines.add(batch("transactional", Compression.NONE, TimestampType.CREATE_TIME, true, mixed.subList(0, 2)));
        for (ControlRecordType type : new ControlRecordType[] {ControlRecordType.COMMIT, ControlRecordType.ABORT}) {
            MemoryRecords marker = MemoryRecords.withEndTransactionMarker(1L << 40, NOW, 7, 4242L, (short) 3,
                new EndTransactionMarker(type, 9));
            lines.add(describe(type.name().toLowerCase() + " marker", marker));
        }
        ByteBuffer empty = ByteBuffer.allocate(100);
        org.apache.kafka.common.record.internal.DefaultRecordBatch.writeEmptyHeader(empty, RecordBatch.MAGIC_VALUE_V2, 4242L,
            (short) 3, 10, 500L, 519L, 7, TimestampType.CREATE_TIME, NOW, true, false);
        empty.flip();
        lines.add(describe("emptied by compaction", MemoryRecords.readableRecords(empty)));
        printLines(out, lines);
    }

    private static String batch(String name, Compression compression, TimestampType type, boolean transactional,
                                List<Input> inputs) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024), RecordBatch.MAGIC_VALUE_V2, compression,
            type, 1L << 33, NOW + 9, transactional ? 4242L : RecordBatch.NO_PRODUCER_ID,
            transactional ? (short) 3 : RecordBatch.NO_PRODUCER_EPOCH, transactional ? 17 : RecordBatch.NO_SEQUENCE,
            transactional, 7);
        for (Input input : inputs) builder.append(input.timestamp, input.key, input.value, input.headers);
        return describe(name, builder.build());
    }

    private static String describe(String name, MemoryRecords records) {
        var batch = records.batches().iterator().next();
        List<String> lines = new ArrayList<>();
        for (var record : batch) {
            List<String> headers = new ArrayList<>();
            for (Header header : record.headers()) {
                headers.add("[\"" + header.key() + "\"," + hexJson(header.value() == null ? null : ByteBuffer.wrap(header.value())) + "]");
            }
            lines.add("[" + record.offset() + "," + record.timestamp() + "," + hexJson(record.key()) + "," + hexJson(record.value())
                + ",[" + String.join(",", headers) + "]]");
        }
        return "{\"name\":\"" + name + "\",\"bytes\":\"" + hex(records.buffer()) + "\",\"compression\":\""
            + batch.compressionType().name + "\",\"baseOffset\":" + batch.baseOffset() + ",\"lastOffset\":" + batch.lastOffset()
            + ",\"nextOffset\":" + batch.nextOffset() + ",\"partitionLeaderEpoch\":" + batch.partitionLeaderEpoch()
            + ",\"maxTimestamp\":" + batch.maxTimestamp() + ",\"isLogAppendTime\":"
            + (batch.timestampType() == TimestampType.LOG_APPEND_TIME) + ",\"isTransactional\":" + batch.isTransactional()
            + ",\"isControl\":" + batch.isControlBatch() + ",\"producerId\":" + batch.producerId() + ",\"producerEpoch\":"
            + batch.producerEpoch() + ",\"baseSequence\":" + batch.baseSequence() + ",\"crc\":" + batch.checksum()
            + ",\"records\":[" + String.join(",", lines) + "]}";
    }

    // --- hashes and numbers -----------------------------------------------------------------------------------------

    private static void numbers(PrintStream out) {
        List<String> lines = new ArrayList<>();
        for (int length = 0; length <= 40; length++) {
            byte[] data = new byte[length];
            for (int i = 0; i < length; i++) data[i] = (byte) (i * 37 + length * 11 + 200);
            CRC32C crc = new CRC32C();
            crc.update(data);
            lines.add("{\"data\":\"" + HEX.formatHex(data) + "\",\"murmur2\":" + Utils.murmur2(data) + ",\"crc32c\":" + crc.getValue()
                + "}");
        }
        for (int bits = 0; bits <= 31; bits++) {
            for (int value : new int[] {(1 << bits) - 1, 1 << bits, -(1 << bits), -(1 << bits) - 1}) {
                ByteBuffer buffer = ByteBuffer.allocate(10);
                ByteUtils.writeVarint(value, buffer);
                lines.add("{\"varint\":" + value + ",\"bytes\":\"" + hex(buffer.flip()) + "\"}");
            }
        }
        for (int bits = 0; bits <= 53; bits++) {
            for (long value : new long[] {(1L << bits) - 1, 1L - (1L << bits)}) {
                ByteBuffer buffer = ByteBuffer.allocate(10);
                ByteUtils.writeVarlong(value, buffer);
                lines.add("{\"varlong\":" + value + ",\"bytes\":\"" + hex(buffer.flip()) + "\"}");
            }
        }
        printLines(out, lines);
    }

    // --- text -------------------------------------------------------------------------------------------------------

    private static void printLines(PrintStream out, List<String> lines) {
        out.println("[");
        out.println(String.join(",\n", lines));
        out.println("]");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String hexJson(ByteBuffer buffer) {
        return buffer == null ? "null" : "\"" + hex(buffer) + "\"";
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HEX.formatHex(bytes);
    }
}
