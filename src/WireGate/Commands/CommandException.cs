namespace WireGate.Commands;

/// <summary>The answer is no. The message is the one line that the user is shown: what, where, and what to do.</summary>
internal sealed class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
