using WireGate.Core.Credentials;

namespace WireGate.Postgres.Authentication;

internal static class SaslPrep
{
    public static Secret Prepare(ReadOnlySpan<byte> password) => Secret.CopyOf(password);
}
