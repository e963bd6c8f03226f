using System.Buffers;
using System.Text;

namespace WireGate.Http.Kubernetes;

/// <summary>What a client of an API server accepts, where the answer will be masked: JSON for what nobody looks through, which the server has of everything.</summary>
internal static class MaskableAccept
{
    private static readonly byte[][] Unmaskable = ["application/vnd.kubernetes.protobuf"u8.ToArray(), "application/cbor"u8.ToArray(), "application/cbor-seq"u8.ToArray()];

    /// <summary>Writes a value of Accept with another type in their place. Their parameters stay: they say which form of the object (<c>as=Table</c>).</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        // Accept = [ media-range [ weight ] *( OWS "," OWS media-range [ weight ] ) ] (RFC 9110 section 12.5.1); a parameter may be in quotes.
        bool isQuoted = false, isNext = true;
        for (int at = 0; at < value.Length;)
        {
            byte b = value[at];
            if (isNext && b is not ((byte)' ' or (byte)'\t' or (byte)','))
            {
                int length = value[at..].IndexOfAny(";, \t"u8);
                ReadOnlySpan<byte> type = length < 0 ? value[at..] : value.Slice(at, length);
                output.Write(IsUnmaskable(type) ? "application/json"u8 : type);
                at += type.Length;
                isNext = false;
                continue;
            }

            int run = isQuoted && b == '\\' && at + 1 < value.Length ? 2 : 1;
            isQuoted ^= b == '"';
            isNext |= b == ',' && !isQuoted;
            output.Write(value.Slice(at, run));
            at += run;
        }
    }

    private static bool IsUnmaskable(ReadOnlySpan<byte> type)
    {
        foreach (byte[] known in Unmaskable)
        {
            if (Ascii.EqualsIgnoreCase(type, known))
            {
                return true;
            }
        }

        return false;
    }
}
