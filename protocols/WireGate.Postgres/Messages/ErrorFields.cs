using System.Text;
using WireGate.Core.Approvals;
using WireGate.Core.Framing;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Messages;

/// <summary>The fields of an ErrorResponse or NoticeResponse that the gateway writes or reads.</summary>
/// <param name="Severity">ERROR, FATAL, PANIC, WARNING, NOTICE…: never translated.</param>
/// <param name="SqlState">Five characters; null: an upstream sent none, or none that is one.</param>
/// <param name="Message">One line; null: an upstream sent none, or an empty one.</param>
/// <param name="Detail">More of it; may be null.</param>
/// <param name="Hint">What to do; may be null.</param>
internal readonly record struct ErrorFields(
    string Severity, string? SqlState, string? Message, string? Detail = null, string? Hint = null)
{
    private const int SqlStateLength = 5;

    /// <summary>An error that ends the session.</summary>
    public static ErrorFields Fatal(string sqlState, string message, string? detail = null, string? hint = null) =>
        new("FATAL", sqlState, message, detail, hint);

    /// <summary>An error that the session survives.</summary>
    public static ErrorFields Error(string sqlState, string message, string? detail = null, string? hint = null) =>
        new("ERROR", sqlState, message, detail, hint);

    public static ErrorFields Notice(ApprovalNotice notice) => new("NOTICE", "00000", notice.Message, notice.Detail, notice.Hint);

    /// <summary>
    /// Reads an upstream's. Any field may be missing (a pooler between may send little); codes not known are skipped, as the
    /// protocol asks.
    /// </summary>
    /// <param name="body">The message without its header.</param>
    /// <param name="texts">Cleans what is kept.</param>
    /// <exception cref="ProtocolException">The fields are not well formed.</exception>
    public static ErrorFields Read(ReadOnlySpan<byte> body, UpstreamText texts)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        ReadOnlySpan<byte> translated = default;
        ReadOnlySpan<byte> severity = default;
        string? sqlState = null;
        ReadOnlySpan<byte> message = default;
        ReadOnlySpan<byte> detail = default;
        ReadOnlySpan<byte> hint = default;
        byte code;
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            switch (code)
            {
                case (byte)'S':
                    translated = value;
                    break;
                case (byte)'V':
                    severity = value;
                    break;
                case (byte)'C':
                    sqlState = IsSqlState(value) ? Encoding.ASCII.GetString(value) : null;
                    break;
                case (byte)'M':
                    message = value;
                    break;
                case (byte)'D':
                    detail = value;
                    break;
                case (byte)'H':
                    hint = value;
                    break;
                default:
                    break;
            }
        }

        reader.End();

        // Behind the loop: a field that is sent a thousand times is cleaned once.
        return new ErrorFields(
            Text(severity, texts) ?? Text(translated, texts) ?? "FATAL", sqlState, Text(message, texts), Text(detail, texts), Text(hint, texts));
    }

    private static string? Text(ReadOnlySpan<byte> value, UpstreamText texts) => value.IsEmpty ? null : texts.Clean(value);

    private static bool IsSqlState(ReadOnlySpan<byte> value)
    {
        if (value.Length != SqlStateLength)
        {
            return false;
        }

        foreach (byte b in value)
        {
            if (!char.IsAsciiDigit((char)b) && !char.IsAsciiLetterUpper((char)b))
            {
                return false;
            }
        }

        return true;
    }
}
