using System.Buffers;
using System.Text;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// What an upstream reports of its settings goes on as it is, but for the one that names the user: the client sees who it is to the
/// gateway, not which account it is given.
/// </summary>
internal static class ParameterStatusRelay
{
    /// <exception cref="WireGate.Core.Framing.ProtocolException">Malformed.</exception>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> body, string realUser, string shownUser)
    {
        ParameterStatus parameter = ParameterStatus.Read(body);
        bool names = parameter.Name.SequenceEqual("session_authorization"u8) && IsText(parameter.Value, realUser);
        output.WriteParameterStatus(parameter.Name, names ? Encoding.UTF8.GetBytes(shownUser) : parameter.Value);
    }

    private static bool IsText(ReadOnlySpan<byte> bytes, string text) =>
        bytes.Length == Encoding.UTF8.GetByteCount(text) && Encoding.UTF8.GetString(bytes) == text;
}
