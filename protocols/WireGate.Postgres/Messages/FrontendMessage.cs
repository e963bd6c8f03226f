namespace WireGate.Postgres.Messages;

/// <summary>Type bytes of what a client sends once its startup packet is through.</summary>
internal enum FrontendMessage : byte
{
    Bind = (byte)'B',
    Close = (byte)'C',
    CopyData = (byte)'d',
    CopyDone = (byte)'c',
    CopyFail = (byte)'f',
    Describe = (byte)'D',
    Execute = (byte)'E',
    Flush = (byte)'H',
    FunctionCall = (byte)'F',
    Parse = (byte)'P',

    /// <summary>Also SASLInitialResponse, SASLResponse and GSSResponse: only the request before it tells which.</summary>
    PasswordMessage = (byte)'p',
    Query = (byte)'Q',
    Sync = (byte)'S',
    Terminate = (byte)'X',
}
