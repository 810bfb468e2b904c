import { TopologyError } from '../errors/topology-error.ts'
import { isUnlimited, type AnyWindows, type EmitStrategy } from './windows.ts'

export function checkEmitStrategy(strategy: EmitStrategy, windows: AnyWindows): EmitStrategy {
  if (strategy !== 'onWindowUpdate' && strategy !== 'onWindowClose') {
    refuse(`the strategy is 'onWindowUpdate' or 'onWindowClose', found ${JSON.stringify(strategy) ?? typeof strategy}`)
  }
  if (strategy === 'onWindowClose' && windows.kind === 'time' && isUnlimited(windows)) {
    refuse("'onWindowClose' cannot be used for unlimited windows, which never close; use 'onWindowUpdate'")
  }
  return strategy
}

function refuse(reason: string): never {
  throw new TopologyError('MILLRACE_OPTION_INVALID', `emitStrategy(): ${reason}`)
}
