using System.Buffers;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;

namespace WireGate.Http.Kubernetes;

/// <summary>
/// The fields by which a login acts as somebody else: the user, each group on a line of its own (an API server takes a comma for a part of the
/// name), and what else is said of the user.
/// </summary>
internal static class Impersonation
{
    // Users and groups that the cluster has for itself. system:masters may do anything, whatever its rules say.
    private const string OfCluster = "system:";

    // A head of an API server may have a MiB; of an identity with a thousand groups somebody should hear.
    private const int MostBytes = 16 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes the field lines of a session.</summary>
    /// <param name="config">Of its login.</param>
    /// <param name="session">Whose caller is proven.</param>
    /// <param name="lines">All of them, each with its line end.</param>
    /// <returns>Why it cannot be said who it is; null: it is.</returns>
    public static string? TryWrite(ImpersonationConfig config, Session session, out byte[] lines)
    {
        lines = [];
        var output = new ArrayBufferWriter<byte>(256);
        try
        {
            Identity identity = session.ProvenCaller.Identity;
            Write(output, "Impersonate-User", Named(config.User, session));
            foreach (string group in identity.Groups.Where(g => config.Groups.Any(p => p.Matches(g))).Distinct(StringComparer.Ordinal))
            {
                Write(output, "Impersonate-Group", Joined(config.GroupPrefix, group));
            }

            foreach ((string key, string text) in config.Extra)
            {
                Write(output, $"Impersonate-Extra-{Escaped(key)}", Expanded(text, session));
            }
        }
        catch (UnfitNameException e)
        {
            return e.Message;
        }

        lines = output.WrittenSpan.ToArray();
        return output.WrittenCount > MostBytes ? "who it is takes more than 16 KiB to say" : null;
    }

    private static string Named(string text, Session session)
    {
        int variable = text.IndexOf("${", StringComparison.Ordinal);
        string before = variable < 0 ? text : text[..variable];
        return Joined(before, Expanded(text[before.Length..], session));
    }

    // What the config says is meant; what came of a caller's name is not.
    private static string Joined(string before, string behind)
    {
        string name = before + behind;
        return behind.Length > 0 && !before.StartsWith(OfCluster, StringComparison.Ordinal) && name.StartsWith(OfCluster, StringComparison.Ordinal)
            ? throw new UnfitNameException($"its name would be {OfCluster}…, which the cluster has for itself") : name;
    }

    private static string Expanded(string text, Session session) => text
        .Split("${")
        .Aggregate((made, part) => part.IndexOf('}', StringComparison.Ordinal) is >= 0 and var end
            ? $"{made}{ValueOf(part[..end], session)}{part[(end + 1)..]}" : $"{made}${{{part}");

    private static string ValueOf(string variable, Session session) => variable switch
    {
        "identity.subject" => session.ProvenCaller.Identity.Subject,
        "identity.issuer" => session.ProvenCaller.Identity.Issuer,
        "placeholder.id" => session.Placeholder?.Id ?? "",
        "session.id" => session.Id,
        _ => throw new UnfitNameException($"nothing is known as {variable}"),
    };

    private static void Write(ArrayBufferWriter<byte> output, string name, string value)
    {
        byte[] bytes;
        try
        {
            bytes = Strict.GetBytes(value);
        }
        catch (EncoderFallbackException)
        {
            throw new UnfitNameException("its name is no text");
        }

        // A receiver takes blanks off both ends, and then it would be another.
        if (bytes.Length == 0 || bytes.AsSpan().ContainsAny(Grammar.NotInValue) || Grammar.Trim(bytes).Length < bytes.Length)
        {
            throw new UnfitNameException("its name is empty, has a blank at an end, or a control character");
        }

        output.Write(Encoding.ASCII.GetBytes(name));
        output.Write(": "u8);
        output.Write(bytes);
        output.Write("\r\n"u8);
    }

    // An API server takes escapes off the name of the field, behind making it lower case: what no such name has is escaped.
    private static string Escaped(string key)
    {
        var name = new StringBuilder(key.Length);
        foreach (byte b in Strict.GetBytes(key))
        {
            bool isPlain = b != '%' && Grammar.Token.Contains(b) && !char.IsAsciiLetterUpper((char)b);
            _ = isPlain ? name.Append((char)b) : name.Append('%').Append(Convert.ToHexStringLower([b]));
        }

        return name.ToString();
    }

    /// <summary>A name that the fields of a request cannot carry, or must not.</summary>
    private sealed class UnfitNameException(string message) : Exception(message);
}
