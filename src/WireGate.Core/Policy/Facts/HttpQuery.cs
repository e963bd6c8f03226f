using System.Collections.Immutable;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>The query of a request: what stands behind the <c>?</c>.</summary>
public static class HttpQuery
{
    /// <summary>Stands for what servers do not all read alike, and is touched by each rule that could mean it.</summary>
    internal const char Unreadable = '\uFFFD';

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly string Whole = Unreadable.ToString();

    /// <summary>
    /// Reads names and values, in their order, with what is escaped decoded and <c>+</c> as a blank. A name or value that servers do not all
    /// read alike is U+FFFD: it has bytes that are not UTF-8, an escape that is none, or a <c>;</c>, at which some begin the next one.
    /// </summary>
    /// <param name="query">As the client sent it, without the <c>?</c>.</param>
    /// <returns>Never throws.</returns>
    public static ImmutableArray<KeyValuePair<string, string>> Parse(ReadOnlySpan<byte> query)
    {
        if (query.IsEmpty)
        {
            return [];
        }

        var pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(query.Count((byte)'&') + 1);
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            int equals = pair.IndexOf((byte)'=');
            pairs.Add(
                pair.Contains((byte)';') ? KeyValuePair.Create(Whole, Whole)
                : equals < 0 ? KeyValuePair.Create(Decode(pair), "")
                : KeyValuePair.Create(Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }

        return pairs.DrainToImmutable();
    }

    private static string Decode(ReadOnlySpan<byte> written)
    {
        string? text = PercentEncoding.Decode(written, plusIsBlank: true, Strict);
        return text is null || text.Contains('\0', StringComparison.Ordinal) ? Whole : text;
    }
}
