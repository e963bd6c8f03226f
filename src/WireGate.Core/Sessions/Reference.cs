using System.Security.Cryptography;

namespace WireGate.Core.Sessions;

/// <summary>The short reference that every refusal carries: it tells a client nothing, and an operator everything (<c>wiregate why</c>).</summary>
public static class Reference
{
    /// <summary>Characters of a reference: 30 bits, enough to be unique among the refusals that somebody still asks about.</summary>
    public const int Length = 6;

    // Crockford's base32: nothing in it is mistaken for something else when read aloud.
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>Makes a new one.</summary>
    public static string New() => RandomNumberGenerator.GetString(Alphabet, Length);
}
