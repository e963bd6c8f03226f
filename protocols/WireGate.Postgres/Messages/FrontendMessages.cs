using System.Buffers;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres.Messages;

/// <summary>What the gateway, as a client, sends to an upstream. Each method appends one whole message.</summary>
internal static class FrontendMessages
{
    /// <summary>
    /// Int32 length | Int32 version | (String name, String value) repeated | Byte1 0. Asks for 3.0: nothing of 3.2 but the length of the
    /// cancel key is of use here, and poolers refuse it.
    /// </summary>
    /// <param name="output">The upstream.</param>
    /// <param name="user">The login's real user name.</param>
    /// <param name="database">Null: a physical walsender, which has none.</param>
    /// <param name="replication">What kind of connection it is to be.</param>
    /// <param name="settings">What the client set and may set.</param>
    public static void WriteStartupMessage(
        this IBufferWriter<byte> output, string user, string? database, ReplicationMode replication, ReadOnlySpan<StartupSetting> settings)
    {
        string? mode = replication switch
        {
            ReplicationMode.None => null,
            ReplicationMode.Physical => "true",
            ReplicationMode.Database => "database",
            _ => throw new ArgumentOutOfRangeException(nameof(replication)),
        };
        int length = sizeof(int) + PairLength("user", user) + PairLength("database", database) + PairLength("replication", mode) + 1;
        foreach (StartupSetting setting in settings)
        {
            length += MessageWriter.CStringLength(setting.Name) + setting.Value.Length + 1;
        }

        var writer = MessageWriter.BeginUntyped(output, length);
        writer.Int32(ProtocolVersion.V3_0);
        WritePair(ref writer, "user", user);
        WritePair(ref writer, "database", database);
        WritePair(ref writer, "replication", mode);
        foreach (StartupSetting setting in settings)
        {
            writer.CString(setting.Name);
            writer.CString(setting.Value.Span);
        }

        writer.Byte(0);
        writer.End();
    }

    public static void WriteSslRequest(this IBufferWriter<byte> output)
    {
        var writer = MessageWriter.BeginUntyped(output, sizeof(int));
        writer.Int32(ProtocolVersion.SslRequest);
        writer.End();
    }

    /// <summary>On a connection of its own; the upstream closes it without an answer.</summary>
    public static void WriteCancelRequest(this IBufferWriter<byte> output, int processId, ReadOnlySpan<byte> key)
    {
        CancelKey.RequireLegal(key);
        var writer = MessageWriter.BeginUntyped(output, (2 * sizeof(int)) + key.Length);
        writer.Int32(ProtocolVersion.CancelRequest);
        writer.Int32(processId);
        writer.Bytes(key);
        writer.End();
    }

    /// <summary>A cleartext password, or an md5 digest. The bytes stay in the output's buffer until they are sent.</summary>
    public static void WritePasswordMessage(this IBufferWriter<byte> output, ReadOnlySpan<byte> password)
    {
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.PasswordMessage, password.Length + 1);
        writer.CString(password);
        writer.End();
    }

    /// <summary>String mechanism | Int32 length of the response | the response.</summary>
    public static void WriteSaslInitialResponse(this IBufferWriter<byte> output, string mechanism, ReadOnlySpan<byte> response)
    {
        int length = MessageWriter.CStringLength(mechanism) + sizeof(int) + response.Length;
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.PasswordMessage, length);
        writer.CString(mechanism);
        writer.Int32(response.Length);
        writer.Bytes(response);
        writer.End();
    }

    public static void WriteSaslResponse(this IBufferWriter<byte> output, ReadOnlySpan<byte> response)
    {
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.PasswordMessage, response.Length);
        writer.Bytes(response);
        writer.End();
    }

    public static void WriteTerminate(this IBufferWriter<byte> output)
    {
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.Terminate, 0);
        writer.End();
    }

    private static int PairLength(string name, string? value) =>
        value is null ? 0 : MessageWriter.CStringLength(name) + MessageWriter.CStringLength(value);

    private static void WritePair(ref MessageWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.CString(name);
            writer.CString(value);
        }
    }
}
