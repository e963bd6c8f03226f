using System.Buffers;
using System.Text;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// What an upstream reports of its settings goes on as it is, but for the one that names the user: the client sees who it is to the
/// gateway, not which account it is given. Of another account, which SET SESSION AUTHORIZATION takes, it sees the name.
/// </summary>
/// <param name="realUser">The account's name, as configured.</param>
/// <param name="shownUser">What the client sees in its place.</param>
internal sealed class ParameterStatusRelay(string realUser, string shownUser)
{
    private readonly byte[] _realUser = Encoding.UTF8.GetBytes(realUser);
    private readonly byte[] _shownUser = Encoding.UTF8.GetBytes(shownUser);
    private byte[] _greetedAs = [];

    /// <summary>What the upstream called the account when it greeted: that of a pooler may have another name there.</summary>
    public void GreetedAs(byte[] rawName) => _greetedAs = rawName;

    /// <summary>Passes on a setting of the greeting, whose user is the account whatever the encoding of its name.</summary>
    /// <returns>The name that was replaced, as it came; null: another setting.</returns>
    /// <exception cref="WireGate.Core.Framing.ProtocolException">Malformed.</exception>
    public byte[]? WriteGreeting(IBufferWriter<byte> output, ReadOnlySpan<byte> body)
    {
        ParameterStatus parameter = ParameterStatus.Read(body);
        bool names = NamesUser(parameter);
        output.WriteParameterStatus(parameter.Name, names ? _shownUser : parameter.Value);
        return names ? parameter.Value.ToArray() : null;
    }

    /// <summary>Whether a setting that changed in mid-session goes on as it came; else <see cref="Write"/> says what the client gets.</summary>
    public bool IsShownAsItIs(in ParameterStatus parameter) => !NamesUser(parameter) || !MayBeReal(parameter.Value);

    /// <summary>Passes on a setting that changed in mid-session.</summary>
    /// <exception cref="WireGate.Core.Framing.ProtocolException">Malformed.</exception>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> body)
    {
        ParameterStatus parameter = ParameterStatus.Read(body);
        output.WriteParameterStatus(parameter.Name, IsShownAsItIs(parameter) ? parameter.Value : _shownUser);
    }

    private static bool NamesUser(in ParameterStatus parameter) => parameter.Name.SequenceEqual("session_authorization"u8);

    /// <summary>
    /// A name in ASCII has the same bytes in every client_encoding, so that two of them can be told apart. Any other changes its bytes
    /// with the encoding, and which encoding these are in is not known, since the server may report both at once and in either order:
    /// for an account with such a name every such name may be its own, and another account of that kind is hidden with it.
    /// </summary>
    private bool MayBeReal(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(_realUser) || name.SequenceEqual(_greetedAs)
        || (!Ascii.IsValid(name) && !(Ascii.IsValid(_realUser) && Ascii.IsValid(_greetedAs)));
}
