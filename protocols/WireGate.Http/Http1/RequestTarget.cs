using System.Text;

namespace WireGate.Http.Http1;

/// <summary>The forms that a request target has (RFC 9112 section 3.2).</summary>
internal enum TargetForm
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary><c>/where?q=now</c></summary>
    Origin,

    /// <summary><c>http://www.example.org/pub</c>, of a client that takes this for a proxy.</summary>
    Absolute,

    /// <summary><c>www.example.com:80</c>, of CONNECT alone.</summary>
    Authority,

    /// <summary><c>*</c>, of OPTIONS alone.</summary>
    Asterisk,
}

/// <summary>A request target, taken apart. Borrowed from the text that it was read from.</summary>
internal ref struct RequestTarget
{
    /// <summary>Which form it has.</summary>
    public TargetForm Form { get; private set; }

    /// <summary>Of the absolute form: https.</summary>
    public bool IsSecure { get; private set; }

    /// <summary>Of the absolute form and of CONNECT.</summary>
    public ReadOnlySpan<byte> Authority { get; private set; }

    /// <summary>Begins with a slash; empty in an absolute form without one, and in the other two.</summary>
    public ReadOnlySpan<byte> Path { get; private set; }

    /// <summary>Behind the question mark.</summary>
    public ReadOnlySpan<byte> Query { get; private set; }

    /// <summary>There is a question mark.</summary>
    public bool HasQuery { get; private set; }

    /// <summary>Takes one apart.</summary>
    /// <param name="method">It decides about the form.</param>
    /// <param name="text">All of it.</param>
    /// <param name="target">What it is.</param>
    /// <returns>False: it is none, or not one of that method.</returns>
    public static bool TryRead(ReadOnlySpan<byte> method, ReadOnlySpan<byte> text, out RequestTarget target)
    {
        target = default;
        if (method.SequenceEqual("CONNECT"u8))
        {
            target.Form = TargetForm.Authority;
            target.Authority = text;
            return Http1.Authority.TryRead(text, out _, out int? port) && port is not null;
        }

        if (text.SequenceEqual("*"u8))
        {
            target.Form = TargetForm.Asterisk;
            return method.SequenceEqual("OPTIONS"u8);
        }

        if (text is [(byte)'/', ..])
        {
            target.Form = TargetForm.Origin;
            return target.TryReadPath(text);
        }

        return target.TryReadAbsolute(text);
    }

    private bool TryReadAbsolute(ReadOnlySpan<byte> text)
    {
        Form = TargetForm.Absolute;
        int scheme = text.IndexOf("://"u8);
        if (scheme < 0)
        {
            return false;
        }

        IsSecure = Ascii.EqualsIgnoreCase(text[..scheme], "https"u8);
        if (!IsSecure && !Ascii.EqualsIgnoreCase(text[..scheme], "http"u8))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text[(scheme + 3)..];
        int end = rest.IndexOfAny((byte)'/', (byte)'?');
        end = end < 0 ? rest.Length : end;
        Authority = rest[..end];
        return Http1.Authority.TryRead(Authority, out _, out _) && TryReadPath(rest[end..]);
    }

    // origin-form = absolute-path [ "?" query ]
    private bool TryReadPath(ReadOnlySpan<byte> text)
    {
        int mark = text.IndexOf((byte)'?');
        HasQuery = mark >= 0;
        Path = HasQuery ? text[..mark] : text;
        Query = HasQuery ? text[(mark + 1)..] : default;
        return !Path.ContainsAnyExcept(Grammar.Path) && !Query.ContainsAnyExcept(Grammar.Query) && IsEscaped(Path);
    }

    // pct-encoded = "%" HEXDIG HEXDIG. One that is none in a query is text of somebody's own; in a path two servers may read two paths.
    private static bool IsEscaped(ReadOnlySpan<byte> path)
    {
        for (int at; (at = path.IndexOf((byte)'%')) >= 0; path = path[(at + 3)..])
        {
            if (path.Length < at + 3 || !char.IsAsciiHexDigit((char)path[at + 1]) || !char.IsAsciiHexDigit((char)path[at + 2]))
            {
                return false;
            }
        }

        return true;
    }
}
