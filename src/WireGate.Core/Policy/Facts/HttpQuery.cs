using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>The query of a request: what stands behind the <c>?</c>.</summary>
public static class HttpQuery
{
    /// <summary>Stands for what servers do not all read alike, and is touched by each rule that could mean it.</summary>
    internal const char Unreadable = '\uFFFD';

    // PHP, Express and Django read no more.
    private const int Most = 1000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>As a whole text.</summary>
    internal static readonly string Whole = Unreadable.ToString();

    // What a path without its escapes has between parameters, or at its end: in a URL, and in a request line.
    private static readonly SearchValues<byte> Ends = SearchValues.Create([.. Enumerable.Range(0, ' ' + 1).Select(b => (byte)b), .. "&?#"u8]);

    /// <summary>
    /// Reads names and values, in their order, with what is escaped decoded and <c>+</c> as a blank. A name or value that servers do not all
    /// read alike is U+FFFD: it has bytes that are not UTF-8, an escape that is none, or a <c>;</c>, at which some begin the next one. So are all behind the thousandth,
    /// together.
    /// </summary>
    /// <param name="query">As the client sent it, without the <c>?</c>.</param>
    /// <returns>Never throws.</returns>
    public static ImmutableArray<KeyValuePair<string, string>> Parse(ReadOnlySpan<byte> query)
    {
        if (query.IsEmpty)
        {
            return [];
        }

        var pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(Math.Min(query.Count((byte)'&'), Most) + 1);
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            if (!pair.IsEmpty && !TryAdd(pairs, Read(pair)))
            {
                break;
            }
        }

        return pairs.DrainToImmutable();
    }

    /// <summary>
    /// Reads the parameters of a path that has no query: whoever is handed it without its escapes (nginx's <c>proxy_pass</c> with <c>$uri</c> or what a regular expression
    /// has found does that) has those behind an escaped <c>?</c>. They are there once for each time that it may be decoded. A value that may go on is U+FFFD.
    /// </summary>
    /// <param name="path">As the client sent it, with escapes.</param>
    internal static ImmutableArray<KeyValuePair<string, string>> Within(ReadOnlySpan<byte> path)
    {
        var pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        byte[] decoded = path.ToArray();
        int length = decoded.Length;
        for (int i = 0, again; i < UrlEscapes.MostDecodings && (again = UrlEscapes.Decode(decoded.AsSpan(0, length))) < length; i++)
        {
            length = again;
            ReadOnlySpan<byte> rest = decoded.AsSpan(0, length);
            int end = rest.IndexOf((byte)'?');
            while (end >= 0)
            {
                rest = rest[(end + 1)..];
                end = rest.IndexOfAny(Ends);
                ReadOnlySpan<byte> pair = end < 0 ? rest : rest[..end];
                if (!pair.IsEmpty)
                {
                    KeyValuePair<string, string> read = Read(pair);
                    if (!TryAdd(pairs, end < 0 || rest[end] == '&' ? read : KeyValuePair.Create(read.Key, Whole)))
                    {
                        return pairs.DrainToImmutable();
                    }
                }
            }
        }

        return pairs.DrainToImmutable();
    }

    /// <summary>Whether servers do not all read it alike.</summary>
    internal static bool IsUnreadable(string text) => text.Contains(Unreadable, StringComparison.Ordinal);

    private static bool TryAdd(ImmutableArray<KeyValuePair<string, string>>.Builder pairs, KeyValuePair<string, string> pair)
    {
        bool isRead = pairs.Count < Most;
        pairs.Add(isRead ? pair : KeyValuePair.Create(Whole, Whole));
        return isRead;
    }

    private static KeyValuePair<string, string> Read(ReadOnlySpan<byte> pair)
    {
        int equals = pair.IndexOf((byte)'=');
        return pair.Contains((byte)';') ? KeyValuePair.Create(Whole, Whole)
            : equals < 0 ? KeyValuePair.Create(Decode(pair), "")
            : KeyValuePair.Create(Decode(pair[..equals]), Decode(pair[(equals + 1)..]));
    }

    private static string Decode(ReadOnlySpan<byte> written)
    {
        string? text = PercentEncoding.Decode(written, plusIsBlank: true, Strict);
        return text is null || text.Contains('\0', StringComparison.Ordinal) ? Whole : text;
    }
}
