using System.Text;

namespace WireGate.Postgres.Startup;

/// <summary>What a user name means to the gateway.</summary>
internal enum UserNameKind
{
    /// <summary>Nothing: the placeholder comes as the password.</summary>
    Plain = 0,

    /// <summary><c>anything+&lt;id&gt;</c>: the placeholder of that id is proven by SCRAM.</summary>
    PlaceholderId,

    /// <summary>The whole placeholder: on a protected channel only.</summary>
    Placeholder,
}

/// <summary>
/// A client's user name, taken apart. PostgreSQL's user names mean nothing here: the upstream sees the login's. All memory is borrowed
/// from what was parsed.
/// </summary>
internal readonly struct UserName
{
    /// <summary>Length in bytes of a placeholder's id.</summary>
    public const int IdLength = 10;

    // wgp_<id:10>_<secret:32><crc:6>
    private const int TailLength = 32 + 6;

    private UserName(UserNameKind kind, string? target, ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> label)
    {
        Kind = kind;
        Target = target;
        Id = id;
        Token = token;
        Label = label;
    }

    /// <summary>With what every placeholder begins.</summary>
    public static ReadOnlySpan<byte> TokenPrefix => "wgp_"u8;

    public UserNameKind Kind { get; }

    /// <summary>What followed the last <c>@</c>, if it is a configured target; null: it names none.</summary>
    public string? Target { get; }

    /// <summary>The placeholder's id, base62; empty for a plain name.</summary>
    public ReadOnlyMemory<byte> Id { get; }

    /// <summary>The whole placeholder, a secret; empty unless the name is one.</summary>
    public ReadOnlyMemory<byte> Token { get; }

    /// <summary>What the caller calls itself, fit for a log once escaped; empty where it is or may be (part of) a placeholder.</summary>
    public ReadOnlyMemory<byte> Label { get; }

    /// <summary>Whether anything in it was for the gateway: the name as a whole is then nobody's, and no database's.</summary>
    public bool IsForGateway => Kind != UserNameKind.Plain || Target is not null;

    /// <param name="user">As the startup message has it.</param>
    /// <param name="isTarget">Whether a target of that name is configured.</param>
    public static UserName Parse(ReadOnlyMemory<byte> user, Func<string, bool> isTarget)
    {
        string? target = null;
        int at = user.Span.LastIndexOf((byte)'@');
        if (at >= 0 && TryFindTarget(user.Span[(at + 1)..], isTarget, out target))
        {
            user = user[..at];
        }

        ReadOnlySpan<byte> text = user.Span;
        if (IsToken(text))
        {
            return new UserName(UserNameKind.Placeholder, target, user.Slice(TokenPrefix.Length, IdLength), user, default);
        }

        int plus = text.LastIndexOf((byte)'+');
        if (plus >= 0 && IsBase62(text[(plus + 1)..], IdLength))
        {
            return new UserName(UserNameKind.PlaceholderId, target, user[(plus + 1)..], default, Shown(user[..plus]));
        }

        return new UserName(UserNameKind.Plain, target, default, default, Shown(user));
    }

    private static bool IsToken(ReadOnlySpan<byte> text) =>
        text.Length == TokenPrefix.Length + IdLength + 1 + TailLength
        && text.StartsWith(TokenPrefix)
        && IsBase62(text.Slice(TokenPrefix.Length, IdLength), IdLength)
        && text[TokenPrefix.Length + IdLength] == '_'
        && IsBase62(text[^TailLength..], TailLength);

    private static bool IsBase62(ReadOnlySpan<byte> text, int length)
    {
        if (text.Length != length)
        {
            return false;
        }

        foreach (byte b in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)b))
            {
                return false;
            }
        }

        return true;
    }

    // A placeholder that was cut or mistyped is still most of a secret.
    private static ReadOnlyMemory<byte> Shown(ReadOnlyMemory<byte> name) => name.Span.IndexOf(TokenPrefix) >= 0 ? default : name;

    private static bool TryFindTarget(ReadOnlySpan<byte> name, Func<string, bool> isTarget, out string? target)
    {
        target = null;

        // What may be a placeholder is never asked for as a name: it would become a string.
        if (name.IsEmpty || name.IndexOf(TokenPrefix) >= 0 || !Ascii.IsValid(name))
        {
            return false;
        }

        string candidate = Encoding.ASCII.GetString(name);
        if (!isTarget(candidate))
        {
            return false;
        }

        target = candidate;
        return true;
    }
}
