namespace WireGate.Http.Credentials.Tokens;

/// <summary>Whoever gives tokens did not accept what was shown for one.</summary>
/// <param name="message">Names who, and nothing of what was shown.</param>
internal sealed class TokenRefusedException(string message) : Exception(message);
