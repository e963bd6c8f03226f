using System.Buffers;
using System.Text;

namespace WireGate.Postgres.Messages;

/// <summary>What the gateway sends to a client. Each method appends one whole message.</summary>
internal static class BackendMessages
{
    // A field of an error is a sentence; this keeps a message a few KiB whatever a name in it holds.
    private const int MaxFieldLength = 1_024;

    public static void WriteErrorResponse(this IBufferWriter<byte> output, in ErrorFields fields) =>
        WriteFields(output, BackendMessage.ErrorResponse, fields);

    public static void WriteNoticeResponse(this IBufferWriter<byte> output, in ErrorFields fields) =>
        WriteFields(output, BackendMessage.NoticeResponse, fields);

    public static void WriteAuthenticationOk(this IBufferWriter<byte> output) =>
        WriteAuthentication(output, AuthenticationKind.Ok, []);

    public static void WriteAuthenticationCleartextPassword(this IBufferWriter<byte> output) =>
        WriteAuthentication(output, AuthenticationKind.CleartextPassword, []);

    /// <summary>Offers SASL mechanisms, the preferred one first.</summary>
    public static void WriteAuthenticationSasl(this IBufferWriter<byte> output, params ReadOnlySpan<string> mechanisms)
    {
        int length = sizeof(int) + 1;
        foreach (string mechanism in mechanisms)
        {
            length += MessageWriter.CStringLength(mechanism);
        }

        var writer = MessageWriter.Begin(output, (byte)BackendMessage.Authentication, length);
        writer.Int32((int)AuthenticationKind.Sasl);
        foreach (string mechanism in mechanisms)
        {
            writer.CString(mechanism);
        }

        writer.Byte(0);
        writer.End();
    }

    public static void WriteAuthenticationSaslContinue(this IBufferWriter<byte> output, ReadOnlySpan<byte> data) =>
        WriteAuthentication(output, AuthenticationKind.SaslContinue, data);

    public static void WriteAuthenticationSaslFinal(this IBufferWriter<byte> output, ReadOnlySpan<byte> data) =>
        WriteAuthentication(output, AuthenticationKind.SaslFinal, data);

    public static void WriteParameterStatus(this IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var writer = MessageWriter.Begin(output, (byte)BackendMessage.ParameterStatus, name.Length + value.Length + 2);
        writer.CString(name);
        writer.CString(value);
        writer.End();
    }

    public static void WriteNotificationResponse(this IBufferWriter<byte> output, int processId, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        var writer = MessageWriter.Begin(output, (byte)BackendMessage.NotificationResponse, sizeof(int) + channel.Length + payload.Length + 2);
        writer.Int32(processId);
        writer.CString(channel);
        writer.CString(payload);
        writer.End();
    }

    /// <param name="output">The client.</param>
    /// <param name="processId">The upstream's own: clients compare it with pg_backend_pid().</param>
    /// <param name="key">4 bytes at protocol 3.0, up to 256 from 3.2 on.</param>
    public static void WriteBackendKeyData(this IBufferWriter<byte> output, int processId, ReadOnlySpan<byte> key)
    {
        CancelKey.RequireLegal(key);
        var writer = MessageWriter.Begin(output, (byte)BackendMessage.BackendKeyData, sizeof(int) + key.Length);
        writer.Int32(processId);
        writer.Bytes(key);
        writer.End();
    }

    /// <summary>Int32 the whole version, not only its minor part; Int32 count; that many names of options not understood.</summary>
    public static void WriteNegotiateProtocolVersion(
        this IBufferWriter<byte> output, int version, IReadOnlyList<ReadOnlyMemory<byte>> unknownOptions)
    {
        int length = 2 * sizeof(int);
        foreach (ReadOnlyMemory<byte> name in unknownOptions)
        {
            length += name.Length + 1;
        }

        var writer = MessageWriter.Begin(output, (byte)BackendMessage.NegotiateProtocolVersion, length);
        writer.Int32(version);
        writer.Int32(unknownOptions.Count);
        foreach (ReadOnlyMemory<byte> name in unknownOptions)
        {
            writer.CString(name.Span);
        }

        writer.End();
    }

    public static void WriteReadyForQuery(this IBufferWriter<byte> output, TransactionStatus status)
    {
        var writer = MessageWriter.Begin(output, (byte)BackendMessage.ReadyForQuery, 1);
        writer.Byte((byte)status);
        writer.End();
    }

    private static void WriteAuthentication(IBufferWriter<byte> output, AuthenticationKind kind, ReadOnlySpan<byte> data)
    {
        var writer = MessageWriter.Begin(output, (byte)BackendMessage.Authentication, sizeof(int) + data.Length);
        writer.Int32((int)kind);
        writer.Bytes(data);
        writer.End();
    }

    // Byte1 field code | String, repeated; Byte1 0. S, V, C and M always: Npgsql cannot read an error without them.
    private static void WriteFields(IBufferWriter<byte> output, BackendMessage type, in ErrorFields fields)
    {
        ReadOnlySpan<(char Code, string? Text)> all =
        [
            ('S', fields.Severity), ('V', fields.Severity), ('C', fields.SqlState), ('M', Clean(fields.Message)),
            ('D', Clean(fields.Detail)), ('H', Clean(fields.Hint)),
        ];
        int length = 1;
        foreach ((_, string? text) in all)
        {
            length += text is null ? 0 : 1 + MessageWriter.CStringLength(text);
        }

        var writer = MessageWriter.Begin(output, (byte)type, length);
        foreach ((char code, string? text) in all)
        {
            if (text is not null)
            {
                writer.Byte((byte)code);
                writer.CString(text);
            }
        }

        writer.Byte(0);
        writer.End();
    }

    // A refusal must always be sayable: a NUL or a length is no reason to throw on the way to refusing.
    private static string? Clean(string? text)
    {
        if (text is null || (text.Length <= MaxFieldLength && !text.Contains('\0', StringComparison.Ordinal)))
        {
            return text;
        }

        var cut = new StringBuilder(text, 0, Math.Min(text.Length, MaxFieldLength), MaxFieldLength);
        return cut.Replace('\0', '?').ToString();
    }
}
