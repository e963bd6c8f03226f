using WireGate.Core.Framing;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Errors and notices of a session with masks. Their texts quote values of rows: what is passed on is the code, with words of our own, and
/// the names of objects.
/// </summary>
internal static class MaskedErrors
{
    // Fields that hold no value: severities, code, place in the text, names of schema, table, column, type and constraint, place in the source.
    private static ReadOnlySpan<byte> Kept => "SVCPstcdnFLR"u8;

    // Classes whose texts are about the statement, its names and the server's state.
    private static readonly string[] Spoken = ["08", "0A", "25", "26", "28", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"];

    /// <summary>Writes one that may be passed on.</summary>
    /// <param name="kind">ErrorResponse or NoticeResponse.</param>
    /// <param name="body">As it came: Byte1 code, String, each; Byte1 0.</param>
    /// <param name="output">Cleared.</param>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public static void Write(BackendMessage kind, ReadOnlySpan<byte> body, RowBuffer output)
    {
        output.Byte((byte)kind);
        output.Int32(0);
        var reader = new PostgresReader(Peer.Upstream, body);
        ReadOnlySpan<byte> state = default, message = default;
        byte code;
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            state = code == (byte)'C' ? value : state;
            message = code == (byte)'M' ? value : message;
            if (Kept.Contains(code))
            {
                Field(output, code, value);
            }
        }

        reader.End();
        Field(output, (byte)'M', IsSpoken(kind, state) ? message : Words(kind, state));
        output.Byte(0);
        output.PatchLength(1, own: true);
    }

    private static void Field(RowBuffer output, byte code, ReadOnlySpan<byte> value)
    {
        output.Byte(code);
        output.Bytes(value);
        output.Byte(0);
    }

    private static bool IsSpoken(BackendMessage kind, ReadOnlySpan<byte> state)
    {
        if (kind != BackendMessage.ErrorResponse || state.Length != 5 || state.StartsWith("42P"u8) || state.SequenceEqual("42804"u8))
        {
            return false;
        }

        foreach (string known in Spoken)
        {
            if (state[0] == known[0] && state[1] == known[1])
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Words(BackendMessage kind, ReadOnlySpan<byte> state)
    {
        if (kind == BackendMessage.NoticeResponse)
        {
            return "a notice whose text is withheld: masking"u8;
        }

        if (state.SequenceEqual("42P01"u8))
        {
            return "a relation does not exist"u8;
        }

        return state.StartsWith("22"u8) ? "a value is not valid, its text is withheld: masking"u8
            : state.StartsWith("23"u8) ? "a constraint is violated, the values are withheld: masking"u8
            : "an error whose text is withheld: masking"u8;
    }
}
