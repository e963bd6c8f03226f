using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The path of a request. It is plain where every server reads the same parts from it, and all others are covered by no rule that names
/// paths, as one server decodes <c>%2f</c> before it looks for slashes and the next does it afterwards: but for where just that is named.
/// </summary>
public sealed class HttpPath
{
    // OPTIONS * asks about the server itself.
    private const string Asterisk = "*";

    // Nginx takes 8 KiB for all of a request line, and what rules have to look at stays little.
    private const int MostBytes = 8 * 1024, MostParts = 512;

    private const string BackslashProblem = @"the path has a \";
    private const string SlashProblem = "the path has an escaped slash";

    // At which a path ends for whoever is handed it without its escapes: in a URL, and in a request line.
    private static readonly string[] Ends = ["%23", "%3F"], Blanks = ["%20"];

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="rawPath">As the client sent it: what stands before the <c>?</c>.</param>
    public HttpPath(ReadOnlySpan<byte> rawPath)
        : this(rawPath, isWhole: true)
    {
    }

    private HttpPath(ReadOnlySpan<byte> rawPath, bool isWhole)
    {
        Text = Write(rawPath);
        (ImmutableArray<string> segments, Problem) = Text == Asterisk ? ([], null) : Read(rawPath);
        (Segments, Slashed) = IsPlain ? (segments, ImmutableArray<string>.Empty) : (ImmutableArray<string>.Empty, segments);
        bool isEscaped = isWhole && Text.Contains('%', StringComparison.Ordinal);
        Beginnings = isEscaped ? BeginningsOf(rawPath, Ends) : [];
        Parameters = isEscaped ? HttpQuery.Within(rawPath) : [];
        Readings = isWhole ? PathReadings.Of(this, isEscaped ? [.. Beginnings, .. BeginningsOf(rawPath, Blanks)] : []) : null;
    }

    /// <summary>As the client wrote it, in ASCII: in place of bytes that no path has <c>\x{ff}</c>.</summary>
    public string Text { get; }

    /// <summary>Whether every server reads the same parts from it.</summary>
    public bool IsPlain => Problem is null;

    /// <summary>Why it is not plain; null: it is.</summary>
    public string? Problem { get; }

    /// <summary>Its parts without escapes, and none for a slash at its end; empty: it is the root, <c>*</c>, or not plain.</summary>
    public ImmutableArray<string> Segments { get; }

    /// <summary>
    /// Its parts without escapes, if it is not plain only for the escaped slashes in them, which names of packages and projects have; else empty.
    /// </summary>
    public ImmutableArray<string> Slashed { get; }

    /// <summary>
    /// What stands before the first of its escaped <c>#</c>, and of its escaped <c>?</c>: of a path that a proxy hands on without its escapes, whoever is behind that reads
    /// as much.
    /// </summary>
    internal ImmutableArray<HttpPath> Beginnings { get; }

    /// <summary>What servers may read of it; null: its segments, all of them.</summary>
    internal PathReadings? Readings { get; }

    /// <summary>What whoever is handed it without its escapes takes for parameters: see <see cref="HttpQuery.Within"/>.</summary>
    internal ImmutableArray<KeyValuePair<string, string>> Parameters { get; }

    /// <summary>Whether some server would read a parameter from it, which has no query.</summary>
    /// <param name="name">Its name.</param>
    public bool MayHaveParameter(string name)
    {
        var text = new LooseName.Text(Encoding.UTF8.GetBytes(name));
        return Parameters.Any(p => HttpQuery.IsUnreadable(p.Key) || LooseName.IsOf(LooseName.ReadingsOf(p.Key), text));
    }

    /// <summary>As the client wrote it.</summary>
    public override string ToString() => Text;

    private static string Write(ReadOnlySpan<byte> path)
    {
        if (!path.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return Encoding.ASCII.GetString(path);
        }

        var text = new StringBuilder(path.Length);
        foreach (byte b in path)
        {
            _ = b is >= (byte)'!' and <= (byte)'~' ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"\\x{{{b:x2}}}");
        }

        return text.ToString();
    }

    private ImmutableArray<HttpPath> BeginningsOf(ReadOnlySpan<byte> rawPath, string[] ends)
    {
        ImmutableArray<HttpPath> beginnings = [];
        foreach (string end in ends)
        {
            int at = Text.IndexOf(end, StringComparison.OrdinalIgnoreCase);
            beginnings = at < 0 ? beginnings : beginnings.Add(new HttpPath(rawPath[..at], isWhole: false));
        }

        return beginnings;
    }

    private static (ImmutableArray<string> Segments, string? Problem) Read(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path[0] != '/')
        {
            return ([], "the path does not begin with a slash");
        }

        if (path.Length == 1)
        {
            return ([], null);
        }

        path = path[^1] == '/' ? path[1..^1] : path[1..];
        int count = path.Count((byte)'/') + 1;
        if (path.Length > MostBytes || count > MostParts)
        {
            return ([], "the path is longer than 8 KiB, or has more than 512 parts");
        }

        var segments = ImmutableArray.CreateBuilder<string>(count);
        string? slash = null;
        foreach (Range range in path.Split((byte)'/'))
        {
            string? problem = ReadSegment(path[range], out string segment);
            if (problem is not null && (problem != SlashProblem || Array.Exists(segment.Split('/'), s => s is "" or "." or "..")))
            {
                return ([], problem);
            }

            slash ??= problem;
            segments.Add(segment);
        }

        return (segments.MoveToImmutable(), slash);
    }

    /// <returns>Why it is not plain; null: it is.</returns>
    private static string? ReadSegment(ReadOnlySpan<byte> written, out string segment)
    {
        segment = "";
        if (written.ContainsAnyExceptInRange((byte)'!', (byte)'~') || written.ContainsAny("?#"u8))
        {
            return "the path has a character that must be escaped";
        }

        string? text = PercentEncoding.Decode(written, plusIsBlank: false, Strict);
        if (text is null)
        {
            return "the path has an escape that is none, or is not UTF-8";
        }

        segment = text;
        return segment is "" ? "the path has an empty part"
            : segment is "." or ".." ? "the path has a part that is a dot, or two"
            : segment.Contains('\\', StringComparison.Ordinal) ? BackslashProblem
            : segment.Contains('%', StringComparison.Ordinal) ? "the path has an escaped %, which some would decode twice"
            : segment.Contains(';', StringComparison.Ordinal) ? "the path has a ;, behind which some see parameters"
            : segment.AsSpan().ContainsAnyInRange('\0', '\x1f') || segment.AsSpan().ContainsAnyInRange('\x7f', '\x9f') ? "the path has an escaped control character"
            : segment.Contains('/', StringComparison.Ordinal) ? SlashProblem
            : null;
    }
}
