namespace WireGate.Ssh.Keys;

/// <summary>
/// A file, or a line of one, that an operator named is not what it should be. Its message is for that operator: what is wrong and what
/// to do, with no byte of a key in it.
/// </summary>
public sealed class KeyFileException(string message, Exception? innerException = null) : Exception(message, innerException);
