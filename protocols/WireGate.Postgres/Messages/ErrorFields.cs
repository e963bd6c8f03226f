using System.Text;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

/// <summary>The fields of an ErrorResponse or NoticeResponse that the gateway writes or reads.</summary>
/// <param name="Severity">ERROR, FATAL, PANIC, WARNING, NOTICE…: never translated.</param>
/// <param name="SqlState">Five characters; null: an upstream sent none, or none that is one.</param>
/// <param name="Message">One line; null: an upstream sent none.</param>
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

    public static ErrorFields Notice(string message, string? detail = null, string? hint = null) =>
        new("NOTICE", "00000", message, detail, hint);

    /// <summary>
    /// Reads an upstream's. Any field may be missing (a pooler between may send little); codes not known are skipped, as the
    /// protocol asks. The texts may name the real user: they are for the audit log, and for a client only where the caller decides so.
    /// </summary>
    /// <exception cref="ProtocolException">The fields are not well formed.</exception>
    public static ErrorFields Read(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        string? translated = null;
        string? severity = null;
        string? sqlState = null;
        string? message = null;
        string? detail = null;
        string? hint = null;
        byte code;
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            switch (code)
            {
                case (byte)'S':
                    translated = Encoding.UTF8.GetString(value);
                    break;
                case (byte)'V':
                    severity = Encoding.UTF8.GetString(value);
                    break;
                case (byte)'C':
                    sqlState = IsSqlState(value) ? Encoding.ASCII.GetString(value) : null;
                    break;
                case (byte)'M':
                    message = Encoding.UTF8.GetString(value);
                    break;
                case (byte)'D':
                    detail = Encoding.UTF8.GetString(value);
                    break;
                case (byte)'H':
                    hint = Encoding.UTF8.GetString(value);
                    break;
                default:
                    break;
            }
        }

        reader.End();
        return new ErrorFields(severity ?? translated ?? "FATAL", sqlState, message, detail, hint);
    }

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
