namespace WireGate.Postgres.Messages;

/// <summary>What ReadyForQuery says of the transaction.</summary>
internal enum TransactionStatus : byte
{
    Idle = (byte)'I',
    InTransaction = (byte)'T',
    Failed = (byte)'E',
}
