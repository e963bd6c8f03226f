using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2.Hpack;

/// <summary>The fields that both ends know from the beginning (RFC 7541 appendix A), counted from 1.</summary>
internal static class StaticTable
{
    /// <summary>How many there are.</summary>
    public const int Count = 61;

    private static readonly (byte[] Name, byte[] Value, FieldName Known)[] Entries = Of(
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""));

    // Of each length of a name, the first entry of each name.
    private static readonly int[][] ByLength =
    [
        .. Enumerable.Range(0, Entries.Max(e => e.Name.Length) + 1).Select(length => Enumerable.Range(0, Count)
            .Where(i => Entries[i].Name.Length == length && (i == 0 || !Entries[i].Name.SequenceEqual(Entries[i - 1].Name))).ToArray()),
    ];

    /// <summary>A field of it.</summary>
    /// <param name="index">1 to <see cref="Count"/>.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <returns>Which name it is.</returns>
    public static FieldName Get(int index, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        ref readonly (byte[] Name, byte[] Value, FieldName Known) entry = ref Entries[index - 1];
        name = entry.Name;
        value = entry.Value;
        return entry.Known;
    }

    /// <summary>Looks for a field.</summary>
    /// <param name="name">In lower case.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isWhole">The value is the same too.</param>
    /// <returns>Where; 0: not even a field of that name.</returns>
    public static int Find(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out bool isWhole)
    {
        isWhole = false;
        if (name.Length >= ByLength.Length)
        {
            return 0;
        }

        foreach (int first in ByLength[name.Length])
        {
            if (!name.SequenceEqual(Entries[first].Name))
            {
                continue;
            }

            for (int i = first; i < Count && name.SequenceEqual(Entries[i].Name); i++)
            {
                if (value.SequenceEqual(Entries[i].Value))
                {
                    isWhole = true;
                    return i + 1;
                }
            }

            return first + 1;
        }

        return 0;
    }

    private static (byte[] Name, byte[] Value, FieldName Known)[] Of(params (string Name, string Value)[] fields) =>
        [.. fields.Select(f => (Encoding.ASCII.GetBytes(f.Name), Encoding.ASCII.GetBytes(f.Value), FieldNames.Of(Encoding.ASCII.GetBytes(f.Name))))];
}
