using System.Text;
using System.Text.Unicode;
using WireGate.Core.Credentials;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// Makes what an upstream says before its session is open fit to be kept and shown: without the credential that it was given and the
/// account's name, without what moves a terminal's cursor or begins a line of a log, and short.
/// </summary>
/// <param name="realUser">The account's name.</param>
/// <param name="secret">Its credential, borrowed; null: it has none.</param>
internal sealed class UpstreamText(string realUser, Secret? secret)
{
    /// <summary>What is kept of a text, in bytes of UTF-8: PostgreSQL's own are a sentence.</summary>
    public const int MaxLength = 512;

    /// <summary>NAMEDATALEN less its zero: where a server cuts a name off.</summary>
    private const int MaxNameLength = 63;

    private const string Hidden = "***";

    private readonly string[] _names = [.. new[] { realUser, Cut(realUser, MaxNameLength) }.Distinct().Where(static n => n.Length > 0)];

    /// <summary>Whether a text so far told what it must not.</summary>
    public bool HasHidden { get; private set; }

    /// <summary>The text without what it must not tell.</summary>
    public string Clean(ReadOnlySpan<byte> raw)
    {
        HasHidden |= Tells(raw);
        string text = WithoutNames(raw);
        return Cut(
            string.Create(text.Length, text, static (clean, text) =>
            {
                for (int i = 0; i < clean.Length; i++)
                {
                    clean[i] = char.IsControl(text[i]) ? '?' : text[i];
                }
            }),
            MaxLength);
    }

    /// <summary>Whether it tells the credential or the account's name.</summary>
    public bool Tells(ReadOnlySpan<byte> raw) => HasSecret(raw) || WithoutNames(raw) != WithoutSecret(raw);

    private static string Cut(string text, int bytes)
    {
        int length = 0;
        int end = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            length += rune.Utf8SequenceLength;
            if (length > bytes)
            {
                return text[..end];
            }

            end += rune.Utf16SequenceLength;
        }

        return text;
    }

    /// <summary>
    /// Before the login a server speaks in an encoding of its own choice. ASCII is the same in all of them; where the name is more than
    /// that and the text is no UTF-8, it cannot be found, and so nothing of the text is kept.
    /// </summary>
    private string WithoutNames(ReadOnlySpan<byte> raw) => Ascii.IsValid(realUser) || Utf8.IsValid(raw)
        ? _names.Aggregate(WithoutSecret(raw), static (t, name) => t.Replace(name, Hidden, StringComparison.OrdinalIgnoreCase))
        : Hidden;

    private bool HasSecret(ReadOnlySpan<byte> raw) => secret is { Length: > 0 } && raw.IndexOf(secret.Span) >= 0;

    // On the bytes: the credential never becomes a string.
    private string WithoutSecret(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder();
        for (int at; HasSecret(raw); raw = raw[(at + secret.Length)..])
        {
            at = raw.IndexOf(secret!.Span);
            text.Append(Encoding.UTF8.GetString(raw[..at])).Append(Hidden);
        }

        return text.Append(Encoding.UTF8.GetString(raw)).ToString();
    }
}
