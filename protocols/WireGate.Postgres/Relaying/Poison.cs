using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// A message that is sent in place of a refused one, and is certain to fail at the upstream. If the refused one were only dropped, the
/// Sync behind it would commit what was sent before it; the upstream's own error aborts the transaction as any error does, and leaves a
/// trace in its log. The reference in it cannot be guessed, so nobody has a portal of this name.
/// </summary>
internal static class Poison
{
    /// <summary>In place of a message of the extended protocol: Execute of a portal that does not exist. 34000.</summary>
    public static void WriteExecute(IBufferWriter<byte> output, string reference)
    {
        // String portal | Int32 rows, 0: all
        string portal = $"wiregate: refused, ref {reference}";
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.Execute, MessageWriter.CStringLength(portal) + sizeof(int));
        writer.CString(portal);
        writer.Int32(0);
        writer.End();
    }

    /// <summary>In place of a Query or a FunctionCall: a text that no grammar of PostgreSQL knows, and none of its walsender. 42601.</summary>
    public static void WriteQuery(IBufferWriter<byte> output, string reference)
    {
        string text = $"wiregate refused ref_{reference}";
        var writer = MessageWriter.Begin(output, (byte)FrontendMessage.Query, MessageWriter.CStringLength(text));
        writer.CString(text);
        writer.End();
    }

    /// <summary>Whether an ErrorResponse may be the answer to poison: one that ends the session is not.</summary>
    /// <param name="body">Without its header.</param>
    public static bool IsAnswer(ReadOnlySpan<byte> body)
    {
        // Byte1 field code | String, repeated; Byte1 0
        var reader = new PostgresReader(Peer.Upstream, body);
        byte code;
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            if (code == (byte)'V')
            {
                return value.SequenceEqual("ERROR"u8);
            }
        }

        return false;
    }
}
